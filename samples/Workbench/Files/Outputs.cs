using System.CommandLine;

namespace Workbench.Files;

/// <summary>
/// What a command is about to write, checked against what it reads and what is there before it does anything. Nothing that it reads is
/// overwritten, nor any key file; other files are replaced with --overwrite only.
/// </summary>
internal sealed class Outputs
{
    private readonly bool? _overwrite;
    private readonly ReadFiles _inputs = new();
    private readonly HashSet<string> _written = [], _foldersOfWritten = [];
    private readonly Dictionary<string, string[]> _writable = [];

    /// <param name="overwrite">Whether files may be replaced; null when there is no option for it.</param>
    public Outputs(bool? overwrite = null) => _overwrite = overwrite;

    /// <summary>What the command line names.</summary>
    /// <exception cref="IOException">An output would overwrite something that must stay, or cannot be written.</exception>
    public static Outputs Of(ParseResult result)
    {
        var command = result.CommandResult.Command;
        var outputs = new Outputs(command.Options.OfType<OverwriteOption>().SingleOrDefault() is { } option ? result.GetValue(option) : null);
        // Those that are not given have no value.
        var paths = command.Options.OfType<PathOption>().Where(option => result.GetValue(option) is not null).ToList();
        foreach (var given in paths)
        {
            var path = result.GetValue(given)!;
            if (path.Length == 0)
                throw new IOException($"{given.Name} needs a name; it is empty.");
            if (given.Role is FileRole.Images && Directory.Exists(path))
                outputs._inputs.AddFolder(path);
            else if (given.Role is FileRole.Images)
                outputs._inputs.AddImage(path);
            else if (given.Role is FileRole.Input)
                outputs.AddInput(given.Name, path);
            else if (given.Role is FileRole.DataSet)
                outputs._inputs.AddDataSet(path);
        }
        foreach (var given in paths.Where(given => given.Role is FileRole.Output))
            outputs.Add(given.Name, result.GetValue(given)!);
        return outputs;
    }

    /// <summary>Whether files may be replaced.</summary>
    public bool MayReplace => _overwrite == true;

    /// <summary>A file that will be written.</summary>
    /// <param name="option">The option that says so.</param>
    /// <param name="path">The file.</param>
    /// <param name="isOwn">Whether what is there was written by the same work before, and may be replaced.</param>
    /// <exception cref="IOException">It would overwrite something that must stay, or cannot be written.</exception>
    public void Add(string option, string path, bool isOwn = false)
    {
        var real = RealPath.Of(path);
        _inputs.CheckOutput(option, path, real);
        if (Directory.Exists(real) || Path.EndsInDirectorySeparator(path))
            throw new IOException($"'{path}' is a folder; {option} needs the name of a file.");
        CheckWritten(option, path, real);
        foreach (var folder in CheckFolder(option, Path.GetDirectoryName(real)!))
            _inputs.CheckOutput(option, path, Path.Combine(folder, Path.GetFileName(real)));
        if (File.Exists(real))
            CheckExisting(option, path, real, isOwn);
    }

    /// <summary>Writes a file that was checked: all of it or nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes to the path that it is given.</param>
    public void Write(string path, Action<string> write) => OutputFile.Write(path, MayReplace, write);

    // Opening a pipe would wait until something is written to it.
    private void AddInput(string option, string path)
    {
        _inputs.Add(path);
        if (File.Exists(path) && new FileInfo(RealPath.Of(path)) is not { Exists: true, Length: > 0 })
            throw new IOException($"{option} needs a file with content; '{path}' is empty, or a pipe or a device.");
    }

    private void CheckWritten(string option, string path, string real)
    {
        if (!_written.Add(real))
            throw new IOException($"'{path}' would be written twice; give {option} another name.");
        var both = _foldersOfWritten.Contains(real) ? real : null;
        for (var folder = Path.GetDirectoryName(real); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            _foldersOfWritten.Add(folder);
            both ??= _written.Contains(folder) ? folder : null;
        }
        if (both is not null)
            throw new IOException($"'{both}' would have to be a file and a folder at once; give {option} another name.");
    }

    private void CheckExisting(string option, string path, string real, bool isOwn)
    {
        if (!IsOrdinary(real))
            throw new IOException($"'{path}' is a pipe or a device; {option} needs the name of a file.");
        if (KeyFiles.IsKey(real))
            throw new IOException($"'{path}' is a key file, and a key is never overwritten: the models protected with it could no longer be unlocked. Give {option} another name.");
        if (_overwrite != true && !isOwn)
            throw new IOException($"'{path}' already exists; give {option} another name{(_overwrite is null ? "" : ", or --overwrite to replace it")}.");
        if (new FileInfo(real).IsReadOnly)
            throw new IOException($"'{path}' is read-only; give {option} another name.");
    }

    // Who opens a pipe for reading only waits for its writer; a socket cannot be opened at all.
    private static bool IsOrdinary(string real)
    {
        if (real.StartsWith("/dev/", StringComparison.Ordinal))
            return false;
        // What has content is a file.
        if (new FileInfo(real).Length > 0)
            return true;
        try
        {
            using var stream = new FileStream(real, FileMode.Open, FileAccess.ReadWrite);
            return stream.CanSeek;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // By writing to it, or to the nearest folder that there is. Returns under what other paths, as where a folder is mounted twice,
    // the command reads from it.
    private string[] CheckFolder(string option, string folder)
    {
        var existing = folder;
        while (!Path.Exists(existing))
            existing = Path.GetDirectoryName(existing)!;
        if (_writable.TryGetValue(existing, out var same))
            return existing == folder ? same : [];
        if (!Directory.Exists(existing))
            throw new IOException($"Cannot write to '{folder}': '{existing}' is a file; {option} needs a folder there.");
        try
        {
            var name = Path.GetRandomFileName();
            using var probe = new FileStream(Path.Combine(existing, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            _writable[existing] = same = [.. _inputs.Folders.Where(input => File.Exists(Path.Combine(input, name)))];
            return existing == folder ? same : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Cannot write to '{folder}', where {option} leads: {exception.Message}", exception);
        }
    }
}
