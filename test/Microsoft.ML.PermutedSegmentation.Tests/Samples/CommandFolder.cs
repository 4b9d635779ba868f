using Workbench.Commands;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// The console app's commands in a folder with files of the names that they need. None of these files is what its command expects, so
/// that whatever is not refused by its name fails with another message.
/// </summary>
internal sealed class CommandFolder : IDisposable
{
    private readonly TempFolder _folder = new();

    public CommandFolder()
    {
        foreach (string file in (string[])["model.zip", "weights.safetensors", "data/classes.txt", "data/JPEGImages/a.png", "data/SegmentationClass/a.png", "data/ImageSets/Segmentation/val.txt", "foreign"])
            Write(file, file);
        foreach (string file in (string[])["key.pem", "new.pem", "other.pem"])
            Write(file, "-----BEGIN PERMUTATION KEY-----\nAAAA\n-----END PERMUTATION KEY-----\n");
    }

    public string Root => _folder.Root;

    public string At(params string[] names) => _folder.At(names);

    public void Dispose() => _folder.Dispose();

    /// <summary>Checks that a command fails with a message that has this in it, and changes nothing.</summary>
    public void Refuses(string message, string command, string output, params string[] options)
    {
        string[] before = Snapshot();
        Assert.Contains(message, Fail(command, output, options));
        Assert.Equal(before, Snapshot());
    }

    /// <summary>The message with which a command fails.</summary>
    public string Fail(string command, string output, params string[] options) =>
        Assert.ThrowsAny<Exception>(() => Invoke(command, output, options)).Message;

    public int Invoke(string command, string output, params string[] options)
    {
        string[] arguments = [.. command.Split(' ').Select(word => word is "data" || word.StartsWith("images") || word.StartsWith("photos") || word == "link" || word.Contains('.') ? At(word) : word), output.Length == 0 ? "" : Root + "/" + output, .. options];
        var parsed = AllCommands.Create().Parse(arguments);
        Assert.Empty(parsed.Errors);
        return parsed.Invoke(new() { EnableDefaultExceptionHandler = false });
    }

    public void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(file))!);
        File.WriteAllText(At(file), text);
    }

    private string[] Snapshot() => [.. Directory.GetFileSystemEntries(Root, "*", SearchOption.AllDirectories).Order()
        .Select(entry => File.Exists(entry) ? $"{entry} {File.ReadAllText(entry)}" : entry)];
}
