using System.Text;
using Workbench.Commands;
using Workbench.Files;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// What the console app's commands refuse to overwrite, before they do anything: none of the files that are named here is what its
/// command expects, so that whatever is not refused by its name fails with another message.
/// </summary>
public sealed class OutputsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public OutputsTests()
    {
        foreach (string file in (string[])["model.zip", "weights.safetensors", "data/classes.txt", "data/JPEGImages/a.png", "data/SegmentationClass/a.png", "data/ImageSets/Segmentation/val.txt", "foreign"])
            Write(file, file);
        foreach (string file in (string[])["key.pem", "new.pem", "other.pem"])
            Write(file, "-----BEGIN PERMUTATION KEY-----\nAAAA\n-----END PERMUTATION KEY-----\n");
    }

    public static TheoryData<string> Commands => new(
        "protect --model model.zip --key key.pem --out",
        "unprotect --model model.zip --key key.pem --out",
        "rekey --model model.zip --key key.pem --new-key new.pem --out",
        "export-weights --model model.zip --key key.pem --out",
        "export-onnx --model model.zip --out",
        "import --weights weights.safetensors --classes data/classes.txt --out",
        "inspect --model model.zip --json",
        "evaluate --model model.zip --key key.pem --data data --list val --json",
        "train --data data --train-list val --key key.pem --initial-weights model.zip --out",
        "attack --model model.zip --key key.pem --public-weights weights.safetensors --data data --attacker-list val --test-list val --json",
        "attack --model model.zip --key key.pem --public-weights weights.safetensors --data data --attacker-list val --test-list val --plot");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public void No_command_overwrites_what_it_reads_nor_a_key_nor_unasked_any_file(string command)
    {
        // All files that it reads, those of a data set included.
        string[] words = command.Split(' ');
        string[] inputs = [.. words.Where(word => word.Contains('.')), .. words.Contains("data") ? (string[])["data/JPEGImages/a.png", "data/SegmentationClass/a.png", "data/ImageSets/Segmentation/val.txt", "data/classes.txt"] : []];
        foreach (string input in inputs)
        {
            Refuses($"would overwrite '{_folder.At(input)}'", command, input, "--overwrite");
            Refuses("would overwrite", command, $"new/..//./{input}", "--overwrite");
            File.CreateSymbolicLink(_folder.At("link"), _folder.At(input));
            Refuses("would overwrite", command, "link", "--overwrite");
            File.Delete(_folder.At("link"));
        }
        Refuses("is a key file", command, "other.pem", "--overwrite");
        Refuses("--overwrite", command, "foreign");
        Refuses("is a folder", command, ".", "--overwrite");
        Refuses("is a folder", command, "new/", "--overwrite");
        Refuses("'" + _folder.At("foreign") + "' is a file", command, "foreign/x/y", "--overwrite");
        Refuses("empty", command, "", "--overwrite");

        // Neither is refused by its name, but because the command finds nothing that it can read.
        Assert.DoesNotContain("overwrite", Fail(command, "foreign", "--overwrite"));
        Assert.DoesNotContain("overwrite", Fail(command, "new/file"));
        Assert.Equal("foreign", File.ReadAllText(_folder.At("foreign")));
        Assert.False(Directory.Exists(_folder.At("new")));
    }

    [Theory]
    [InlineData("images", "images")]
    [InlineData("images/a.png", "images")]
    [InlineData("images", "link")]
    [InlineData("link", "images")]
    [InlineData("images/../images", "images/./")]
    [InlineData("images", "out")] // Its folder of overlays is a link to the images.
    public void Predict_does_not_overwrite_an_image(string images, string output)
    {
        Write("images/a.png", "a");
        Directory.CreateSymbolicLink(_folder.At("link"), _folder.At("images"));
        Directory.CreateDirectory(_folder.At("out"));
        Directory.CreateSymbolicLink(_folder.At("out/overlays"), "../images");
        Refuses("a.png', which this command reads", $"predict --model model.zip --key key.pem --images {images} --out", output, "--overwrite");
        Assert.Equal("a", File.ReadAllText(_folder.At("images/a.png")));
        Assert.Equal(["a.png"], Directory.GetFileSystemEntries(_folder.At("images")).Select(Path.GetFileName));
    }

    [Fact]
    public void Predict_writes_nothing_among_its_images_and_no_file_unasked()
    {
        const string Predict = "predict --model model.zip --key key.pem";
        Write("images/a.jpg", "a");
        Write("masks/a.png", "mask of an earlier run");
        Refuses("among the files", $"{Predict} --images images --out", "images", "--overwrite");
        Refuses("among the files", "evaluate --model model.zip --key key.pem --data data --list val --json", "data/JPEGImages/new.json");
        Refuses("a.png' exists already", $"{Predict} --images images --out", "masks");
        Refuses("a.png' exists already", $"{Predict} --images images/a.jpg --out", "masks");
        Refuses("is a file", $"{Predict} --images images --out", "key.pem", "--overwrite");
        Write("masks/overlays/a.png", "-----BEGIN PERMUTATION KEY-----");
        Refuses("is a key file", $"{Predict} --images images --out", "masks", "--overwrite");
    }

    [Fact]
    public void Tables_and_checkpoints_replace_none_but_their_own_files()
    {
        Write("results/report.html", "another report");
        Refuses("report.html' exists already", "tables --data data --train-list val --test-list val --preset smoke --resume --out", "results");
        Refuses("among the files", "tables --data data --train-list val --test-list val --preset smoke --out", "data/JPEGImages");
        const string Train = "train --data data --train-list val --key key.pem --out new.zip --checkpoint";
        Write("state/checkpoint.safetensors", "-----BEGIN PERMUTATION KEY-----");
        Refuses("is a key file", Train, "state", "--overwrite");
        File.Delete(_folder.At("state/checkpoint.safetensors"));
        File.CreateSymbolicLink(_folder.At("state/checkpoint.safetensors"), _folder.At("model.zip"));
        Refuses("would overwrite", Train.Replace("--checkpoint", "--initial-weights model.zip --checkpoint"), "state");
        Refuses("is a file", Train, "key.pem");
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    [InlineData("utf-8")]
    public void A_key_is_recognized_by_its_content(string encoding)
    {
        using PermutationKey key = PermutationKey.Generate();
        key.Save(_folder.At("real"));
        Assert.True(KeyFiles.IsKey(_folder.At("real")));
        File.WriteAllText(_folder.At("recoded"), "\r\n" + File.ReadAllText(_folder.At("real")), Encoding.GetEncoding(encoding));
        Assert.True(KeyFiles.IsKey(_folder.At("recoded")));
        Assert.False(KeyFiles.IsKey(_folder.At("foreign")));
    }

    [Fact]
    public void A_real_path_goes_through_links_in_folders_and_stays_as_it_is_where_there_is_nothing()
    {
        Directory.CreateDirectory(_folder.At("a/b"));
        Directory.CreateSymbolicLink(_folder.At("to-b"), "a/b");
        File.CreateSymbolicLink(_folder.At("a/b/up"), "../c/new.txt");
        string root = RealPath.Of(_folder.Root);
        Assert.Equal(Path.Combine(root, "a", "b", "x", "y"), RealPath.Of(_folder.At("to-b/x/./y/")));
        Assert.Equal(Path.Combine(root, "a", "c", "new.txt"), RealPath.Of(_folder.At("to-b/up")));
        File.CreateSymbolicLink(_folder.At("one"), "two");
        File.CreateSymbolicLink(_folder.At("two"), "one");
        Assert.Contains("leads nowhere", Assert.Throws<IOException>(() => RealPath.Of(_folder.At("one"))).Message);
        // Where capitals make a difference these are two files.
        Write("Case", "1");
        Write("case", "2");
        Assert.Equal(File.ReadAllText(_folder.At("Case")) == "2", RealPath.AreSame(_folder.At("Case"), _folder.At("case")));
    }

    [Fact]
    public void A_file_is_written_whole_or_not_at_all()
    {
        string path = _folder.At("new/folder/file");
        Assert.Throws<InvalidDataException>(() => Workbench.Files.WholeFile.Write(path, overwrite: true, temporary =>
        {
            File.WriteAllText(temporary, "half");
            File.WriteAllText(temporary + ".of-the-library", "half");
            throw new InvalidDataException();
        }));
        Assert.False(Directory.Exists(_folder.At("new")));

        // What somebody else has made in the meantime stays, and so does the work.
        string message = Assert.Throws<IOException>(() => Workbench.Files.WholeFile.Write(path, overwrite: false, temporary =>
        {
            File.WriteAllText(temporary, "mine");
            File.WriteAllText(path, "another's");
        })).Message;
        Assert.Equal("another's", File.ReadAllText(path));
        string kept = Directory.GetFiles(_folder.At("new/folder")).Single(file => file != path);
        Assert.Contains(kept, message);
        Assert.Equal("mine", File.ReadAllText(kept));

        // A link stays a link.
        File.CreateSymbolicLink(_folder.At("link"), path);
        Workbench.Files.WholeFile.Write(_folder.At("link"), overwrite: true, temporary => File.WriteAllText(temporary, "new"));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(path, new FileInfo(_folder.At("link")).LinkTarget);
    }

    private void Refuses(string message, string command, string output, params string[] options)
    {
        string[] before = Snapshot();
        Assert.Contains(message, Fail(command, output, options));
        Assert.Equal(before, Snapshot());
    }

    private string Fail(string command, string output, params string[] options)
    {
        string[] arguments = [.. command.Split(' ').Select(word => word is "data" || word.StartsWith("images") || word == "link" || word.Contains('.') ? _folder.At(word) : word), output.Length == 0 ? "" : _folder.Root + "/" + output, .. options];
        var parsed = AllCommands.Create().Parse(arguments);
        Assert.Empty(parsed.Errors);
        return Assert.ThrowsAny<Exception>(() => parsed.Invoke(new() { EnableDefaultExceptionHandler = false })).Message;
    }

    private string[] Snapshot() => [.. Directory.GetFileSystemEntries(_folder.Root, "*", SearchOption.AllDirectories).Order()
        .Select(entry => File.Exists(entry) ? $"{entry} {File.ReadAllText(entry)}" : entry)];

    private void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.At(file))!);
        File.WriteAllText(_folder.At(file), text);
    }
}
