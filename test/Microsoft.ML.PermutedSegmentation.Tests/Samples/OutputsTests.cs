using System.Text;
using Workbench.Files;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What the console app's commands refuse to overwrite, before they do anything.</summary>
public sealed class OutputsTests : IDisposable
{
    private readonly CommandFolder _folder = new();

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
            _folder.Refuses($"would overwrite '{_folder.At(input)}'", command, input, "--overwrite");
            _folder.Refuses("would overwrite", command, $"new/..//./{input}", "--overwrite");
            File.CreateSymbolicLink(_folder.At("link"), _folder.At(input));
            _folder.Refuses("would overwrite", command, "link", "--overwrite");
            File.Delete(_folder.At("link"));
        }
        _folder.Refuses("is a key file", command, "other.pem", "--overwrite");
        _folder.Refuses("--overwrite", command, "foreign");
        _folder.Refuses("is a folder", command, ".", "--overwrite");
        _folder.Refuses("is a folder", command, "new/", "--overwrite");
        _folder.Refuses("'" + _folder.At("foreign") + "' is a file", command, "foreign/x/y", "--overwrite");
        _folder.Refuses("empty", command, "", "--overwrite");

        // Neither is refused by its name, but because the command finds nothing that it can read.
        Assert.DoesNotContain("overwrite", _folder.Fail(command, "foreign", "--overwrite"));
        Assert.DoesNotContain("overwrite", _folder.Fail(command, "new/file"));
        Assert.Equal("foreign", File.ReadAllText(_folder.At("foreign")));
        Assert.False(Directory.Exists(_folder.At("new")));
    }

    [Fact]
    public void Tables_and_checkpoints_replace_none_but_their_own_files()
    {
        _folder.Write("results/report.html", "another report");
        _folder.Refuses("report.html' already exists", "tables --data data --train-list val --test-list val --preset smoke --resume --out", "results");
        _folder.Refuses("among the files", "tables --data data --train-list val --test-list val --preset smoke --out", "data/JPEGImages");
        const string Train = "train --data data --train-list val --key key.pem --out new.zip --checkpoint";
        _folder.Write("state/checkpoint.safetensors", "-----BEGIN PERMUTATION KEY-----");
        _folder.Refuses("is a key file", Train, "state", "--overwrite");
        File.Delete(_folder.At("state/checkpoint.safetensors"));
        File.CreateSymbolicLink(_folder.At("state/checkpoint.safetensors"), _folder.At("model.zip"));
        _folder.Refuses("would overwrite", Train.Replace("--checkpoint", "--initial-weights model.zip --checkpoint"), "state");
        _folder.Refuses("is a file", Train, "key.pem");
    }

    [Theory]
    [InlineData("same", "same")]
    [InlineData("folder", "folder/state")]
    [InlineData("state/checkpoint.safetensors/model", "state")]
    public void A_model_and_its_checkpoint_do_not_need_one_path_as_a_file_and_a_folder(string model, string checkpoint) =>
        _folder.Refuses("a file and a folder at once", $"train --data data --train-list val --key key.pem --out {_folder.At(model)} --checkpoint", checkpoint, "--overwrite");

    [Fact]
    public void An_input_without_content_is_refused_by_its_option()
    {
        _folder.Write("empty.pem", "");
        _folder.Refuses("--key needs a file with content; '" + _folder.At("empty.pem"), "protect --model model.zip --key empty.pem --out", "new.zip");
        File.CreateSymbolicLink(_folder.At("link.pem"), "empty.pem");
        _folder.Refuses("--new-key needs a file with content", "rekey --model model.zip --key key.pem --new-key link.pem --out", "new.zip");
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
        _folder.Write("Case", "1");
        _folder.Write("case", "2");
        Assert.Equal(File.ReadAllText(_folder.At("Case")) == "2", RealPath.AreSame(_folder.At("Case"), _folder.At("case")));
    }

    [Fact]
    public void A_file_is_written_whole_or_not_at_all()
    {
        string path = _folder.At("new/folder/file");
        Assert.Throws<InvalidDataException>(() => Workbench.Files.OutputFile.Write(path, overwrite: true, temporary =>
        {
            File.WriteAllText(temporary, "half");
            File.WriteAllText(temporary + ".of-the-library", "half");
            throw new InvalidDataException();
        }));
        Assert.False(Directory.Exists(_folder.At("new")));

        // What somebody else has made in the meantime stays, and so does the work.
        string message = Assert.Throws<IOException>(() => Workbench.Files.OutputFile.Write(path, overwrite: false, temporary =>
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
        Workbench.Files.OutputFile.Write(_folder.At("link"), overwrite: true, temporary => File.WriteAllText(temporary, "new"));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(path, new FileInfo(_folder.At("link")).LinkTarget);
    }
}
