using System.Buffers.Binary;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>What a model is loaded from, as it is now: when it changes, the model is loaded again. What messages say is no part of it: they may differ each time.</summary>
/// <param name="Length">Bytes of the file.</param>
/// <param name="WrittenAt">When it was written, of what links lead to.</param>
/// <param name="Key">Of the key nothing but what tells it from another, under a salt of this process.</param>
/// <param name="FileFailure">The kind of exception with which the file could not be read.</param>
/// <param name="KeyFailure">The kind of exception with which the key could not be had.</param>
internal readonly record struct ModelState(long Length, DateTime WrittenAt, ulong Key, Type? FileFailure, Type? KeyFailure)
{
    /// <summary>Looks at the file, and reads the key, which the caller disposes.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="readKey">Gets the key; null: the model needs none.</param>
    /// <param name="salt">A salt of this process.</param>
    /// <param name="key">The key.</param>
    /// <param name="problem">Why the file or the key cannot be read.</param>
    public static ModelState Read(string path, Func<PermutationKey>? readKey, ReadOnlySpan<byte> salt, out PermutationKey? key, out ModelProblem? problem)
    {
        (long Length, DateTime WrittenAt) file = default;
        ulong fingerprint = 0;
        Exception? fileFailure = null, keyFailure = null;
        key = null;
        // Whatever a file system, or the application's way to its key, throws.
        try
        {
            // Others may write, rename and delete it meanwhile.
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file = (RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
        }
        catch (Exception exception)
        {
            fileFailure = exception;
        }
        try
        {
            key = readKey?.Invoke();
            fingerprint = key is null ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(key.GetFingerprint(salt));
        }
        catch (Exception exception)
        {
            keyFailure = exception;
        }
        problem = keyFailure is not null ? new ModelProblem(keyFailure.Message, IsOfKey: true) : fileFailure is not null ? new ModelProblem(fileFailure.Message, IsOfKey: false) : null;
        return new ModelState(file.Length, file.WrittenAt, fingerprint, fileFailure?.GetType(), keyFailure?.GetType());
    }
}
