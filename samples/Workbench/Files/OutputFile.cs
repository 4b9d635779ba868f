using Microsoft.ML.PermutedSegmentation.Files;

namespace Workbench.Files;

/// <summary>Files that are either complete or not there, also when the process is told to end while it writes one.</summary>
internal static class OutputFile
{
    private static readonly Lock Gate = new();
    private static readonly List<UnfinishedFile> Unfinished = [];
    private static readonly List<IDisposable> WithTemporaryFiles = [];
    private static bool _isClosed;

    /// <summary>Lets <paramref name="write"/> fill a temporary file beside <paramref name="path"/>, then gives it its name.</summary>
    /// <param name="path">The file, or a link to it. Missing folders are made.</param>
    /// <param name="overwrite">Whether a file may be replaced.</param>
    /// <param name="write">Writes to the path that it is given.</param>
    /// <exception cref="IOException">The file cannot be written; or it is there, and not to be replaced.</exception>
    public static void Write(string path, bool overwrite, Action<string> write)
    {
        var target = RealPath.Of(path);
        var file = Begin(target);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            write(file.Path);
            Finish(file, target, overwrite);
        }
        finally
        {
            Remove(file);
        }
    }

    /// <summary>Lets <paramref name="write"/> write a file, and others beside it, by <see cref="WholeFile"/> itself. Missing folders are made.</summary>
    public static void WriteByItself(string path, Action<string> write)
    {
        var target = RealPath.Of(path);
        var files = new UnfinishedFile(WholeFile.PartialsOf(target), MissingFolders(target), null);
        lock (Gate)
        {
            RequireOpen();
            Unfinished.Add(files);
        }
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            write(target);
        }
        finally
        {
            Remove(files);
        }
    }

    /// <summary>Takes note of a file that somebody else writes before giving it its name, so that <see cref="Abandon"/> removes it.</summary>
    public static void Watch(string temporary)
    {
        lock (Gate)
            Unfinished.Add(new UnfinishedFile(temporary, [], null));
    }

    /// <summary>Takes note of an object that has temporary files, so that <see cref="Abandon"/> disposes it.</summary>
    public static void DisposeAtEnd(IDisposable owner)
    {
        lock (Gate)
            WithTemporaryFiles.Add(owner);
    }

    /// <summary>Removes what is unfinished, and lets nobody begin or finish another file: the process is about to end.</summary>
    public static void Abandon()
    {
        lock (Gate)
        {
            _isClosed = true;
            Unfinished.ToList().ForEach(Remove);
            WithTemporaryFiles.ForEach(DisposeOf);
        }
    }

    private static void DisposeOf(IDisposable owner)
    {
        try
        {
            owner.Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file is still being written there: it stays among the temporary files.
        }
    }

    private static UnfinishedFile Begin(string target)
    {
        var whole = new WholeFile(target, isUnique: true);
        var file = new UnfinishedFile(whole.PartialPath, MissingFolders(target), whole);
        lock (Gate)
        {
            RequireOpen();
            Unfinished.Add(file);
        }
        return file;
    }

    // From the inner to the outer.
    private static List<string> MissingFolders(string target)
    {
        var missing = new List<string>();
        for (var folder = Path.GetDirectoryName(target)!; !Directory.Exists(folder); folder = Path.GetDirectoryName(folder)!)
            missing.Add(folder);
        return missing;
    }

    private static void Finish(UnfinishedFile file, string target, bool overwrite)
    {
        lock (Gate)
        {
            RequireOpen();
            if (!overwrite && Path.Exists(target))
            {
                // Hours of work may be in it.
                Unfinished.Remove(file);
                throw new IOException($"'{target}' was created by another program in the meantime and is not replaced. The new content is in '{file.Path}'.");
            }
            file.Whole!.Complete(overwrite);
        }
    }

    private static void RequireOpen()
    {
        if (_isClosed)
            throw new OperationCanceledException();
    }

    // With what its writer has made beside it in turn, and the folders made for it unless there is something in them.
    private static void Remove(UnfinishedFile file)
    {
        lock (Gate)
        {
            if (!Unfinished.Remove(file))
                return;
        }
        try
        {
            var folder = Path.GetDirectoryName(file.Path)!;
            if (!Directory.Exists(folder))
                return;
            foreach (var one in Directory.GetFiles(folder, Path.GetFileName(file.Path) + "*"))
                File.Delete(one);
            foreach (var made in file.MadeFolders.TakeWhile(made => !Directory.EnumerateFileSystemEntries(made).Any()))
                Directory.Delete(made);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is gone already, or somebody uses it: no reason to fail.
        }
    }

    /// <param name="Path">What is written; * stands for anything.</param>
    /// <param name="MadeFolders">The folders that are made for it, from the inner to the outer.</param>
    /// <param name="Whole">What gives it its name; null when somebody else does.</param>
    private sealed record UnfinishedFile(string Path, List<string> MadeFolders, WholeFile? Whole);
}
