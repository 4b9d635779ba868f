using Google.Protobuf;
using Microsoft.ML.PermutedSegmentation.AnyModel;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Protects any ONNX model with a key: its layers' input channels are permuted, so that it runs to garbage, or its tensors are sealed, so that it does
/// not run at all. With the key its tensors come back bit for bit (docs/onnx-protection.md).
/// </summary>
/// <remarks>
/// Models that this library has exported are protected as they were before; they can be sealed. Tensors that lie in files beside a model are read from
/// there, and written to one file beside the new one, <c>{outputPath}.data</c>.
/// </remarks>
public static partial class OnnxProtection
{
    /// <summary>Protects a model.</summary>
    /// <param name="inputPath">An ONNX file.</param>
    /// <param name="outputPath">The protected file to write.</param>
    /// <param name="key">The key that the model will need. It is not stored.</param>
    /// <param name="options">How to protect it; null to permute all layers that can be.</param>
    /// <param name="overwrite">Whether another file may be replaced.</param>
    /// <exception cref="ArgumentNullException">A path or the key is null.</exception>
    /// <exception cref="ArgumentException">A path is empty, both are the same file, or the options name a layer that cannot be permuted.</exception>
    /// <exception cref="FileNotFoundException">The model is missing.</exception>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or it is damaged; the message says what is wrong.</exception>
    /// <exception cref="InvalidOperationException">It is protected already, or has no layer that can be permuted.</exception>
    /// <exception cref="IOException">The output is there already, or cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static void Protect(string inputPath, string outputPath, PermutationKey key, OnnxProtectionOptions? options = null, bool overwrite = false)
    {
        ArgumentNullException.ThrowIfNull(key);
        Change(inputPath, outputPath, overwrite, document => ProtectionChange.Protect(document, key, options ?? new OnnxProtectionOptions()));
    }

    /// <summary>Writes the original model: all of its tensors are what they were, bit for bit.</summary>
    /// <param name="inputPath">A protected ONNX file.</param>
    /// <param name="outputPath">The file to write; anybody can use it.</param>
    /// <param name="key">The model's key; any other is refused.</param>
    /// <param name="overwrite">Whether another file may be replaced.</param>
    /// <param name="verify"><inheritdoc cref="Unlock(string, PermutationKey, bool)" path="/param[@name='verify']/node()"/></param>
    /// <exception cref="WrongKeyException">It has another key.</exception>
    /// <exception cref="InvalidOperationException">It is not protected, or <paramref name="verify"/> is set and it stores no fingerprint.</exception>
    /// <exception cref="ArgumentException">A path is empty, or both are the same file.</exception>
    /// <inheritdoc cref="Protect" path="/exception[not(contains(@cref, 'InvalidOperation') or contains(@cref, 'System.ArgumentException'))]"/>
    public static void Unprotect(string inputPath, string outputPath, PermutationKey key, bool overwrite = false, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(key);
        Change(inputPath, outputPath, overwrite, document => ProtectionChange.Unprotect(document, key, verify));
    }

    /// <summary>Writes a protected model under another key, protected in the same way. Copies of the old file still open with the old key.</summary>
    /// <param name="inputPath">A protected ONNX file.</param>
    /// <param name="outputPath">The file to write.</param>
    /// <param name="oldKey">The model's key; any other is refused.</param>
    /// <param name="newKey">The key that it will need.</param>
    /// <param name="overwrite">Whether another file may be replaced.</param>
    /// <param name="verify"><inheritdoc cref="Unlock(string, PermutationKey, bool)" path="/param[@name='verify']/node()"/></param>
    /// <exception cref="WrongKeyException">It has another key.</exception>
    /// <exception cref="InvalidOperationException">It is not protected, or <paramref name="verify"/> is set and it stores no fingerprint.</exception>
    /// <exception cref="ArgumentException">A path is empty, both are the same file, or both keys are the same.</exception>
    /// <inheritdoc cref="Protect" path="/exception[not(contains(@cref, 'InvalidOperation') or contains(@cref, 'System.ArgumentException'))]"/>
    public static void Rekey(string inputPath, string outputPath, PermutationKey oldKey, PermutationKey newKey, bool overwrite = false, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(oldKey);
        ArgumentNullException.ThrowIfNull(newKey);
        Change(inputPath, outputPath, overwrite, document => ProtectionChange.Rekey(document, oldKey, newKey, verify));
    }

    /// <summary>The original model in memory, for an <c>InferenceSession</c>. Nothing is written to a disk.</summary>
    /// <param name="path">A protected ONNX file.</param>
    /// <param name="key">The model's key. It is not needed afterwards.</param>
    /// <param name="verify">
    /// Whether to refuse a key that is not known to be the right one. Without it another key gives a permuted model in another order, without any error; a
    /// sealed one is refused in any case.
    /// </param>
    /// <returns>An ONNX file with all tensors in it, those that lie beside the protected one, too.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> or <paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">The model is missing.</exception>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or it is damaged or was altered; the message says what is wrong.</exception>
    /// <exception cref="WrongKeyException">It has another key.</exception>
    /// <exception cref="InvalidOperationException">
    /// It is not protected; or <paramref name="verify"/> is set and it stores no fingerprint; or it has more than 2 GB.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static byte[] Unlock(string path, PermutationKey key, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(key);
        return WithFile(path, document => Unlock(document, key, verify));
    }

    private static byte[] Unlock(OnnxDocument document, PermutationKey key, bool verify)
    {
        using ProtectionChange change = ProtectionChange.Unprotect(document, key, verify);
        if (document.TotalSize > (UInt128)Array.MaxLength)
            throw new InvalidOperationException("It has more than 2 GB, which do not fit into one ONNX file in memory. Unprotect it into a folder that is in memory, such as /dev/shm, and open it from there.");
        change.Apply(output: null);
        return document.Model.ToByteArray();
    }

    /// <summary>What a file tells of its protection without a key.</summary>
    /// <param name="path">An ONNX file, protected or not.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or it is damaged.</exception>
    public static OnnxProtectionInfo Describe(string path) => WithFile(path, OnnxProtectionInfo.Of);

    private static void Change(string inputPath, string outputPath, bool overwrite, Func<OnnxDocument, ProtectionChange> plan)
    {
        ArgumentException.ThrowIfNullOrEmpty(inputPath);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        if (RealPath.AreSame(RealPath.Of(inputPath), RealPath.Of(outputPath)))
            throw new ArgumentException($"'{outputPath}' is the model that is read; the new one needs another name.", nameof(outputPath));
        WithFile(inputPath, document =>
        {
            using ProtectionChange change = plan(document);
            Check(outputPath, overwrite);
            using var external = new ExternalOutput(outputPath);
            if (document.HasExternal)
                Check(external.FilePath, overwrite);
            change.Apply(external);
            foreach (string written in (string[])[outputPath, external.FilePath])
            {
                if (document.ExternalPaths.Append(RealPath.Of(inputPath)).Any(source => RealPath.AreSame(source, RealPath.Of(written))))
                    throw new IOException($"'{written}' belongs to the model that is read, and would be replaced; the new model needs another name.");
            }
            using var file = new WholeFile(outputPath, isUnique: true);
            using (var stream = new FileStream(file.PartialPath, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                change.Write(stream);
                stream.Flush(flushToDisk: true);
            }
            bool isNew = !Path.Exists(external.FilePath);
            external.Complete(overwrite);
            try
            {
                file.Complete(overwrite);
            }
            catch when (isNew)
            {
                File.Delete(external.FilePath);
                throw;
            }
            return 0;
        });
    }

    private static void Check(string outputPath, bool overwrite)
    {
        if (Directory.Exists(outputPath))
            throw new IOException($"'{outputPath}' is a folder; the name of a file is needed.");
        if (!overwrite && Path.Exists(outputPath))
            throw new IOException($"'{outputPath}' already exists, and is not replaced.");
    }

    private static T WithFile<T>(string path, Func<OnnxDocument, T> use)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Naming(path, () =>
        {
            using OnnxDocument document = OnnxDocument.Read(path);
            return use(document);
        });
    }
}
