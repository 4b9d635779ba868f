using System.Buffers.Binary;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>What a model is loaded from, as it is now: when it changes, the model is loaded again.</summary>
/// <param name="Length">Bytes of the file.</param>
/// <param name="WrittenAt">When it was written, of what links lead to.</param>
/// <param name="Key">Of the key nothing but what tells it from another, under a salt of this process.</param>
/// <param name="FileProblem">Why the file cannot be read.</param>
/// <param name="KeyProblem">Why the key cannot be had.</param>
internal readonly record struct ModelState(long Length, DateTime WrittenAt, ulong Key, string? FileProblem, string? KeyProblem)
{
    /// <summary>Looks at the file, and reads the key, which the caller disposes.</summary>
    public static ModelState Read(string path, Func<PermutationKey>? readKey, ReadOnlySpan<byte> salt, out PermutationKey? key)
    {
        (long Length, DateTime WrittenAt) file = default;
        string? fileProblem = null, keyProblem = null;
        key = null;
        try
        {
            using var handle = File.OpenHandle(path);
            file = (RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            fileProblem = exception.Message;
        }
        ulong fingerprint = 0;
        try
        {
            key = readKey?.Invoke();
            fingerprint = key is null ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(key.GetFingerprint(salt));
        }
        // Whatever the application's way to its key throws.
        catch (Exception exception)
        {
            keyProblem = exception.Message;
        }
        return new ModelState(file.Length, file.WrittenAt, fingerprint, fileProblem, keyProblem);
    }
}
