namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>
/// A file that is either complete or not there, whenever the process or the machine stops: it is written beside its place, and gets its name at
/// the end. If it is disposed before that, nothing has been written.
/// </summary>
public sealed class WholeFile : IDisposable
{
    private readonly string _path;

    /// <summary>Begins a file; nothing is there yet.</summary>
    /// <param name="path">Where it is to be.</param>
    /// <param name="isUnique">
    /// Whether its place until then has a name that nothing else uses. Otherwise there is one such place, and what a killed process has left there
    /// is written over.
    /// </param>
    public WholeFile(string path, bool isUnique = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        PartialPath = isUnique ? $"{path}.{Environment.ProcessId}-{Path.GetRandomFileName()}.partial" : PartialOf(path);
    }

    /// <summary>What all unique places of this process for a file are called, with * for anything.</summary>
    /// <param name="path">Where the file is to be.</param>
    public static string PartialsOf(string path) => $"{path}*.{Environment.ProcessId}-*.partial";

    /// <summary>Where to write it.</summary>
    public string PartialPath { get; }

    /// <summary>Lets <paramref name="write"/> fill a file, which replaces an older one when all of it is on the disk.</summary>
    /// <param name="path">Where it is to be.</param>
    /// <param name="write">Writes the content.</param>
    public static void Write(string path, Action<FileStream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var file = new WholeFile(path);
        using (FileStream stream = file.Create())
        {
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        file.Complete(overwrite: true);
    }

    /// <summary>Whether <see cref="Write"/> can write to a path, found out by beginning to; removes what a killed process left there.</summary>
    /// <param name="path">Where a file is to be.</param>
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

    /// <summary>Gives the file its name, once all of it is written and closed.</summary>
    /// <param name="overwrite">Whether it may replace another file.</param>
    /// <exception cref="IOException">There is another file, and it may not.</exception>
    public void Complete(bool overwrite) => File.Move(PartialPath, _path, overwrite);

    /// <summary>Removes what is not complete.</summary>
    public void Dispose() => File.Delete(PartialPath);

    /// <summary>Opens the file to be written.</summary>
    internal FileStream Create() => new(PartialPath, FileMode.Create, FileAccess.Write, FileShare.None);

    private static string PartialOf(string path) => path + ".partial";
}
