using Microsoft.ML.PermutedSegmentation.AnyModel;

namespace Microsoft.ML.PermutedSegmentation;

// For what runs a model: files and what is in memory, with and without a key.
public static partial class OnnxProtection
{
    /// <summary>The original model of a file, if there is a key; and whether it needs one.</summary>
    /// <exception cref="InvalidOperationException">It is sealed, and there is no key; or as for <see cref="Unlock(string, PermutationKey, bool)"/>.</exception>
    internal static (byte[]? Original, bool IsProtected) Open(string path, PermutationKey? key, bool verify) => WithFile(path, document => Open(document, key, verify));

    /// <summary>The same of a file in memory.</summary>
    /// <exception cref="InvalidDataException">Tensors lie in other files, which are not read.</exception>
    internal static (byte[]? Original, bool IsProtected) Open(byte[] file, PermutationKey? key, bool verify)
    {
        using OnnxDocument document = ReadWhole(file);
        return Open(document, key, verify);
    }

    private static (byte[]? Original, bool IsProtected) Open(OnnxDocument document, PermutationKey? key, bool verify) => key is not null
        ? (Unlock(document, key, verify), true)
        : document.Tag is not { IsSealed: true } ? ((byte[]?)null, document.Tag is not null)
        : throw new InvalidOperationException("It is sealed: without its key it does not run.");

    /// <summary>What a file in memory tells of its protection.</summary>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or it is damaged, or tensors lie in other files.</exception>
    internal static OnnxProtectionInfo Describe(byte[] file)
    {
        using OnnxDocument document = ReadWhole(file);
        return OnnxProtectionInfo.Of(document);
    }

    /// <summary>A file with what it tells of its protection.</summary>
    /// <returns>Null instead of the file if tensors lie beside it.</returns>
    internal static (OnnxProtectionInfo Info, byte[]? File) ReadFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Naming(path, () =>
        {
            byte[] file = OnnxDocument.ReadBytes(path);
            using OnnxDocument document = OnnxDocument.Read(file, external: new ExternalFiles(path));
            return (OnnxProtectionInfo.Of(document), document.HasExternal ? null : file);
        });
    }

    // ONNX Runtime would look for other files in the working folder.
    private static OnnxDocument ReadWhole(byte[] file)
    {
        OnnxDocument document = OnnxDocument.Read(file);
        if (!document.HasExternal)
            return document;
        document.Dispose();
        throw new InvalidDataException("Tensors of this ONNX file lie in other files, which are not read.");
    }

    /// <summary>Lets exceptions tell which file they are about.</summary>
    internal static T Naming<T>(string path, Func<T> use)
    {
        string start = $"'{path}'";
        try
        {
            return use();
        }
        catch (Exception exception) when (exception.Message.StartsWith(start, StringComparison.Ordinal))
        {
            throw;
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{start}: {exception.Message}", exception);
        }
        catch (WrongKeyException exception)
        {
            throw new WrongKeyException($"{start}: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception) when (exception is not ObjectDisposedException)
        {
            throw new InvalidOperationException($"{start}: {exception.Message}", exception);
        }
    }
}
