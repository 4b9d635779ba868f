using System.Text;
using Google.Protobuf;
using Onnx;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What OnnxProtection makes of files and calls that are wrong.</summary>
public sealed class OnnxProtectionErrorTests(ForeignModels models) : IClassFixture<ForeignModels>
{
    private static readonly OnnxProtectionOptions Sealed = new() { Seal = true };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Protecting_twice_and_unprotecting_what_is_plain_are_refused(bool seal)
    {
        string path = models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Seal = seal }), output = models.New();
        Assert.Contains($"'{path}': The model is protected already", Assert.Throws<InvalidOperationException>(() => OnnxProtection.Protect(path, output, models.Key)).Message);
        Action<string>[] uses =
        [
            plain => OnnxProtection.Unprotect(plain, output, models.Key), plain => OnnxProtection.Unlock(plain, models.Key),
            plain => OnnxProtection.Rekey(plain, output, models.Key, models.OtherKey),
        ];
        Assert.All(uses, use => Assert.Contains("not protected", Assert.Throws<InvalidOperationException>(() => use(models.At(ForeignModels.UNet))).Message));
        Assert.False(File.Exists(output));
    }

    [Fact]
    public void A_model_without_layers_can_only_be_sealed()
    {
        var model = new ModelProto
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Graph = new GraphProto { Name = "add", Node = { new NodeProto { OpType = "Add", Input = { "x", "x" }, Output = { "y" } } } },
        };
        string path = models.Write(model.ToByteArray());
        Assert.Contains("can be sealed", Assert.Throws<InvalidOperationException>(() => OnnxProtection.Protect(path, models.New(), models.Key)).Message);
        string output = models.New();
        OnnxProtection.Protect(path, output, models.Key, Sealed);
        Assert.Equal(model, ModelProto.Parser.ParseFrom(OnnxProtection.Unlock(output, models.Key)));
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "git lfs pull")]
    [InlineData("<!DOCTYPE html><html><body>Sign in</body></html>", "web page")]
    [InlineData("", "empty")]
    public void Files_that_are_something_else_are_told(string content, string what)
    {
        string path = models.Write(Encoding.UTF8.GetBytes(content));
        Assert.All(Reads(path), read =>
        {
            string message = Assert.Throws<InvalidDataException>(read).Message;
            Assert.Contains($"'{path}'", message);
            Assert.Contains(what, message);
        });
        Assert.All(Reads(models.New()), read => Assert.Throws<FileNotFoundException>(read));
    }

    [Fact]
    public void Tensors_beside_a_model_must_be_there_whole_and_in_its_folder()
    {
        string folder = Directory.CreateDirectory(models.New()).FullName, inner = Directory.CreateDirectory(Path.Combine(folder, "inner")).FullName;
        string path = Path.Combine(inner, "model.onnx"), data = Path.Combine(inner, "external.bin");
        File.Copy(models.At(ForeignModels.External), path);
        Refuse(path, "external.bin', where the tensor 'w1' lies, is missing");
        File.WriteAllBytes(data, File.ReadAllBytes(models.At("external.bin"))[..^1]);
        Refuse(path, "is incomplete");
        File.Copy(models.At("external.bin"), data, overwrite: true);
        OnnxProtection.Protect(path, Path.Combine(inner, "fine.onnx"), models.Key);

        // Outside, by every way that there is.
        File.Move(data, Path.Combine(folder, "external.bin"));
        foreach (string location in (string[])["../external.bin", Path.Combine(folder, "external.bin"), @"..\external.bin", "x/../../external.bin", ""])
            Refuse(Located(location), "not a file in the model's folder");
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(data, Path.Combine(folder, "external.bin"));
            Refuse(path, "not a file in the model's folder");
            Directory.CreateSymbolicLink(Path.Combine(inner, "up"), folder);
            Refuse(Located("up/external.bin"), "not a file in the model's folder");
            File.CreateSymbolicLink(Path.Combine(inner, "circle"), Path.Combine(inner, "circle"));
            Refuse(Located("circle"), "links on the way");
            File.CreateSymbolicLink(Path.Combine(inner, "round"), "round/x");
            Refuse(Located("round"), "links on the way");
        }
        File.Delete(data);
        File.Copy(models.At("external.bin"), data);
        Refuse(Changed(tensor => Set(tensor, "offset", "-1")), "'-1'");
        Refuse(Changed(tensor => Set(tensor, "length", "7")), "7 bytes");
        Refuse(Changed(tensor => tensor.Dims[0] = long.MaxValue), "impossible");
        Refuse(Changed(tensor => tensor.Dims.Add(Enumerable.Repeat(1L, 63))), "65 dimensions");
        Refuse(Changed(tensor => tensor.DataType = 99), "type 99");

        string Located(string location) => Changed(tensor => Set(tensor, "location", location));

        string Changed(Action<TensorProto> change)
        {
            ModelProto model = ForeignModels.Parse(models.At(ForeignModels.External));
            change(model.Graph.Initializer[0]);
            string changed = Path.Combine(inner, Path.GetRandomFileName() + ".onnx");
            File.WriteAllBytes(changed, model.ToByteArray());
            return changed;
        }

        static void Set(TensorProto tensor, string key, string value)
        {
            foreach (StringStringEntryProto entry in tensor.ExternalData.Where(entry => entry.Key == key).ToList())
                tensor.ExternalData.Remove(entry);
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        }
    }

    [Fact]
    public void Nothing_is_overwritten_unasked()
    {
        string input = models.At(ForeignModels.External), output = models.Write([1, 2, 3]);
        Assert.Contains($"'{output}'", Assert.Throws<IOException>(() => OnnxProtection.Protect(input, output, models.Key)).Message);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(output));
        OnnxProtection.Protect(input, output, models.Key, overwrite: true);
        Assert.True(OnnxProtection.Describe(output).IsProtected);
        byte[] data = File.ReadAllBytes(output + ".data");
        File.Delete(output);
        Assert.Contains(".data'", Assert.Throws<IOException>(() => OnnxProtection.Protect(input, output, models.Key)).Message);
        Assert.Equal(data, File.ReadAllBytes(output + ".data"));
        Assert.False(File.Exists(output));
        Assert.Contains("needs another name", Assert.Throws<ArgumentException>(() => OnnxProtection.Protect(input, input, models.Key, overwrite: true)).Message);
        // A file beside the new model that holds the tensors of the old one.
        File.Copy(models.At("external.bin"), models.At("copy.onnx.data"));
        ModelProto model = ForeignModels.Parse(input);
        foreach (TensorProto tensor in model.Graph.Initializer)
            tensor.ExternalData.Single(entry => entry.Key == "location").Value = "copy.onnx.data";
        string source = models.Write(model.ToByteArray());
        Assert.Contains("belongs to the model that is read", Assert.Throws<IOException>(() => OnnxProtection.Protect(source, models.At("copy.onnx"), models.Key, overwrite: true)).Message);
        Assert.Equal(File.ReadAllBytes(models.At("external.bin")), File.ReadAllBytes(models.At("copy.onnx.data")));
        Assert.Contains("belongs to the model that is read", Assert.Throws<IOException>(() => OnnxProtection.Protect(source, models.At("copy.onnx.data"), models.Key, overwrite: true)).Message);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(output)!, "*.partial"));
    }

    [Fact]
    public void Any_changed_bit_of_a_sealed_model_is_found()
    {
        foreach (string name in (string[])[ForeignModels.External, ForeignModels.ManyForms])
        {
            string path = models.Protect(name, Sealed);
            foreach (string part in ((string[])[path, path + ".data"]).Where(File.Exists))
            {
                byte[] original = File.ReadAllBytes(part);
                for (int i = 0; i < original.Length; i += part == path ? 1 : 7)
                {
                    // Between the tensors beside the file, which begin at pages, there is nothing.
                    if (part != path && i % 4096 >= ((int[])[8 * 16, 16, 16 * 3])[i / 4096] * sizeof(float))
                        continue;
                    byte[] changed = [.. original];
                    changed[i] ^= (byte)(1 << (i % 8));
                    File.WriteAllBytes(part, changed);
                    Exception exception = Assert.ThrowsAny<Exception>(() => OnnxProtection.Unlock(path, models.Key));
                    // A changed fingerprint makes the key a wrong one.
                    Assert.True(exception is InvalidDataException or WrongKeyException or InvalidOperationException, $"{i}: {exception}");
                }
                File.WriteAllBytes(part, original[..^1]);
                Assert.Throws<InvalidDataException>(() => OnnxProtection.Unlock(path, models.Key));
                File.WriteAllBytes(part, original);
            }
            OnnxProtection.Unlock(path, models.Key);
        }
    }

    [Fact]
    public void Random_damage_gives_no_other_exception()
    {
        var random = new Random(5);
        int read = 0, refused = 0;
        string path = models.New();
        byte[][] originals = [.. ((string[])[models.At(ForeignModels.ManyForms), models.Protect(ForeignModels.ManyForms), models.Protect(ForeignModels.ManyForms, Sealed)]).Select(File.ReadAllBytes)];
        for (int i = 0; i < 3000; i++)
        {
            byte[] file = [.. originals[i % 3]];
            for (int count = random.Next(1, 5); count > 0; count--)
                file[random.Next(2, file.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, random.Next(8) == 0 ? file[..random.Next(file.Length)] : file);
            try
            {
                if (i % 3 == 0)
                    OnnxProtection.Protect(path, path + ".out", models.Key, overwrite: true);
                else
                    OnnxProtection.Unlock(path, models.Key);
                read++;
            }
            catch (Exception exception) when (exception is InvalidDataException or WrongKeyException || (exception is InvalidOperationException && (exception.Message.Contains("protected", StringComparison.Ordinal) || exception.Message.Contains("fingerprint", StringComparison.Ordinal))))
            {
                refused++;
            }
        }
        Assert.True(read > 300 && refused > 300, $"{read} read, {refused} refused");
    }

    [Fact]
    public void A_file_of_many_small_parts_is_refused_before_they_are_read()
    {
        byte[] nodes = [.. Enumerable.Repeat<byte[]>([0x0A, 0x00], 10_000_000).SelectMany(node => node)];
        using var stream = new MemoryStream();
        var output = new CodedOutputStream(stream);
        output.WriteRawTag(0x08, 0x08);
        output.WriteRawTag(0x3A);
        output.WriteLength(nodes.Length);
        output.Flush();
        string path = models.Write([.. stream.ToArray(), .. nodes]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refuse(path, "parts");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L * nodes.Length);
    }

    [Fact]
    public void Long_names_of_many_tensors_do_not_fill_the_memory()
    {
        var node = new NodeProto { OpType = "Any", Name = new string('n', 1 << 20) };
        for (int i = 0; i < 50_000; i++)
            node.Attribute.Add(new AttributeProto { T = new TensorProto() });
        string path = models.Write(new ModelProto { IrVersion = 8, ProducerName = "p", Graph = new GraphProto { Node = { node } } }.ToByteArray());
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Empty(OnnxProtection.Describe(path).Layers);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200L << 20);
    }

    [Fact]
    public void Many_tensors_in_one_place_do_not_fill_a_disk()
    {
        ModelProto model = ForeignModels.Parse(models.At(ForeignModels.External));
        for (int i = 0; i < 40; i++)
        {
            TensorProto copy = model.Graph.Initializer[0].Clone();
            copy.Name = $"copy{i}";
            model.Graph.Initializer.Add(copy);
        }
        Refuse(models.Write(model.ToByteArray()), "in each other's places");
    }

    private void Refuse(string path, string message)
    {
        string output = models.New();
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => OnnxProtection.Protect(path, output, models.Key)).Message);
        Assert.False(File.Exists(output) || File.Exists(output + ".data") || File.Exists(output + ".partial") || File.Exists(output + ".data.partial"));
    }

    private Action[] Reads(string path) =>
    [
        () => OnnxProtection.Protect(path, models.New(), models.Key), () => OnnxProtection.Unprotect(path, models.New(), models.Key), () => OnnxProtection.Unlock(path, models.Key),
        () => OnnxProtection.Rekey(path, models.New(), models.Key, models.OtherKey), () => OnnxProtection.Describe(path),
    ];
}
