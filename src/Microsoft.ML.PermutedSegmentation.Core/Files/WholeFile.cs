namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>Files that are either complete or not there, whenever the process or the machine stops.</summary>
internal static class WholeFile
{
    /// <summary>
    /// Lets <paramref name="write"/> fill a file beside <paramref name="path"/>, and gives it its name, over an older one, when all of
    /// it is on the disk. What a killed process left beside it is written over.
    /// </summary>
    public static void Write(string path, Action<FileStream> write)
    {
        string partial = PartialOf(path);
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>Whether <see cref="Write"/> can write to a path, found out by beginning to; removes what a killed process left there.</summary>
    /// <exception cref="IOException">The path is a folder's, or its folder is missing or cannot be written to.</exception>
    public static void CheckWritable(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder; the name of a file is needed.");
        try
        {
            string partial = PartialOf(path);
            File.Create(partial).Dispose();
            File.Delete(partial);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{path}' cannot be written: {exception.Message}", exception);
        }
    }

    private static string PartialOf(string path) => path + ".partial";
}
