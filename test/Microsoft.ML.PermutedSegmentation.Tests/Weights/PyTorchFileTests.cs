using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Files of PyTorch (pytorch-*.pth, made by make_pytorch_fixtures.py), and files that only look like them.</summary>
public sealed class PyTorchFileTests : IDisposable
{
    private static readonly string[] Counted =
        ["float", "double", "half", "bfloat", "counter", "scalar", "empty", "parameter", "channels_last", "transposed", "first", "second", "part", "uint8"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("new")]
    [InlineData("old")]
    [InlineData("training2")]
    [InlineData("training4")]
    [InlineData("training5")]
    public void Every_tensor_has_its_values_in_the_order_of_its_shape(string form)
    {
        using ITensorFile file = FileContent.OpenTensors(new MemoryStream(Fixture(form)));
        file.Entries.Select(entry => entry.Name).Should().Equal(Counted);
        foreach (TensorEntry entry in file.Entries)
            Read(file, entry).Should().Equal(Enumerable.Range(0, (int)entry.Shape.Aggregate(1L, (product, length) => product * length)).Select(i => (float)i), entry.Name);
        file.Entries.Single(entry => entry.Name == "channels_last").Shape.Should().Equal(2, 3, 4, 5);
    }

    [Fact]
    public void A_checkpoint_gives_its_state_dict()
    {
        using ITensorFile file = FileContent.OpenTensors(new MemoryStream(Fixture("checkpoint")));
        file.Entries.Select(entry => entry.Name).Should().Equal("weight", "bias");
        Read(file, file.Entries[0]).Should().Equal(0, 1, 2, 3, 4, 5);
    }

    [Fact]
    public void A_checkpoint_may_have_one_state_dict_under_another_name()
    {
        byte[] state = StateDictPickle.Items(("t", Tensor));
        Names(StateDictPickle.Dictionary(("net", state), ("settings", StateDictPickle.Items()))).Should().Equal("t");
        FluentActions.Invoking(() => Names(StateDictPickle.Dictionary(("net", state), ("critic", state)))).Should().Throw<InvalidDataException>().WithMessage("it holds no state dict*");
    }

    // As Python 2 writes it: with its items as an argument, in a list of lists.
    [Fact]
    public void A_dictionary_may_be_made_of_a_list()
    {
        byte[] items = [(byte)']', (byte)']', .. StateDictPickle.Text("t"), (byte)'a', .. Tensor, (byte)'a', (byte)'a'];
        Names([0x80, 2, .. StateDictPickle.Global("collections", "OrderedDict"), .. items, 0x85, (byte)'R', (byte)'.']).Should().Equal("t");
    }

    [Fact]
    public void Weights_are_those_of_the_same_state_dict_in_safetensors()
    {
        StateEntry[] state = TorchvisionFixture.State("mobilenet_v3_large");
        (StateEntry Entry, byte[] Values)[] tensors = [.. state.Select(entry => (entry with { Name = "module." + entry.Name }, entry.Values()))];
        StateDict.Write(_folder.At("a.pth"), tensors);
        StateDictPickle.Write(_folder.At("b.safetensors"), tensors);
        foreach (string name in (string[])["a.pth", "b.safetensors"])
        {
            SegmentationFile.KindOf(_folder.At(name)).Should().Be(SegmentationFileKind.Weights);
            using SegmentationWeights weights = SegmentationWeights.Load(_folder.At(name));
            weights.Backbone.Should().Be(Backbone.MobileNetV3Large);
            weights.Save(_folder.At(name + ".out"));
        }
        File.ReadAllBytes(_folder.At("b.safetensors.out")).AsSpan().SequenceEqual(File.ReadAllBytes(_folder.At("a.pth.out"))).Should().BeTrue();
    }

    [Fact]
    public void A_network_is_refused_with_what_to_save_instead() =>
        Load(_folder.Write("x.pth", Fixture("network"))).Should().Throw<InvalidDataException>()
            .WithMessage($"'{_folder.At("x.pth")}' holds no weights that can be read: it holds a Python object of 'torch.nn.modules.linear.Linear'*nothing of it was run*torch.save(model.state_dict(), path).");

    [Theory]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("numpy.core.multiarray", "fromfile")]
    [InlineData("torch", "load")]
    [InlineData("torch.storage", "_load_from_bytes")]
    public void Nothing_is_run(string module, string name)
    {
        string proof = _folder.At("proof");
        byte[] call = [0x80, 2, .. StateDictPickle.Global(module, name), .. StateDictPickle.Text($"touch {proof}"), 0x85, (byte)'R', (byte)'.'];
        Load(StateDictPickle.Write(_folder.At("x.pth"), call, [])).Should().Throw<InvalidDataException>().WithMessage($"*'{module}.{name}'*");
        File.Exists(proof).Should().BeFalse();
    }

    // Each as the pickle of a state dict with one tensor, of a storage of four floats.
    public static TheoryData<string, long, long[], long[]> Places => new()
    {
        { "behind its storage", 1, [4], [1] },
        { "before its storage", -1, [2], [1] },
        { "a value for many", 0, [1L << 40], [0] },
        { "strides too long", 0, [2, 2], [3, 1] },
        { "a stride that overflows", 0, [2], [long.MaxValue] },
        { "sizes that overflow", 0, [1L << 32, 1L << 32, 1L << 32], [1, 1, 1] },
        { "negative sizes", 0, [-1, -4], [1, 1] },
        { "negative strides", 3, [4], [-1] },
        { "strides of another number", 0, [2, 2], [1] },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void A_tensor_lies_in_its_storage(string what, long offset, long[] shape, long[] strides)
    {
        byte[] pickle = StateDictPickle.Dictionary(("t", StateDictPickle.Tensor(StateDictPickle.Storage("0", 4), offset, shape, strides)));
        Load(StateDictPickle.Write(_folder.At("x.pth"), pickle, [("data/0", new byte[16])])).Should().Throw<InvalidDataException>(what).WithMessage("*the tensor 't' *");
    }

    [Fact]
    public void A_storage_whose_bytes_cannot_be_counted_is_refused()
    {
        // 8 times this is 16, with 64 bits.
        byte[] pickle = StateDictPickle.Dictionary(("t", StateDictPickle.Tensor(StateDictPickle.Storage("0", (1L << 61) + 2, "DoubleStorage"), 0, [2], [1L << 60])));
        Load(StateDictPickle.Write(_folder.At("x.pth"), pickle, [("data/0", new byte[16])])).Should().Throw<InvalidDataException>().WithMessage("*in a form that is not read*");
    }

    [Fact]
    public void A_shape_of_many_dimensions_is_refused_before_it_is_copied()
    {
        byte[] pickle =
        [
            0x80, 2, .. StateDictPickle.Global("torch._utils", "_rebuild_tensor_v2"), (byte)'q', 0, (byte)'(', .. Enumerable.Repeat((byte[])[(byte)'K', 0], 100_000).SelectMany(x => x), (byte)'t', (byte)'q', 3, (byte)'0',
            (byte)'(', .. StateDictPickle.Storage("0", 4), .. StateDictPickle.Number(0), (byte)'h', 3, (byte)'h', 3, (byte)'t', (byte)'q', 2, (byte)'R', (byte)'.',
        ];
        Load(StateDictPickle.Write(_folder.At("x.pth"), pickle, [("data/0", new byte[16])])).Should().Throw<InvalidDataException>().WithMessage("*100000 dimensions*");
    }

    public static TheoryData<string, byte[]> Pickles => new()
    {
        { "no dictionary", [0x80, 2, (byte)']', (byte)'.'] },
        { "nothing", [] },
        { "no end", [0x80, 2, (byte)'}'] },
        { "an empty stack", "."u8.ToArray() },
        { "a text of four gigabytes", [(byte)'X', 0xFF, 0xFF, 0xFF, 0xFF, (byte)'a', (byte)'.'] },
        { "a number of 255 bytes", [0x8A, 0xFF, 1, (byte)'.'] },
        { "what was never stored", [(byte)'j', 0xFF, 0xFF, 0xFF, 0xFF, (byte)'.'] },
        { "a mark without an end", "((((((((."u8.ToArray() },
        { "a list that holds itself", [(byte)']', (byte)'q', 0, (byte)'h', 0, (byte)'a', (byte)'.'] },
        { "a tuple as a container", ")NNs."u8.ToArray() },
        { "lists in lists", [.. Enumerable.Repeat((byte)']', 500_000), .. Enumerable.Repeat((byte)'a', 499_999), (byte)'.'] },
        { "tuples in tuples", [(byte)')', .. Enumerable.Repeat((byte)0x85, 500_000), (byte)'.'] },
        { "keys that are no text", [(byte)'}', (byte)'(', (byte)'N', (byte)'N', (byte)'}', (byte)'N', (byte)'u', (byte)'.'] },
    };

    [Theory]
    [MemberData(nameof(Pickles), DisableDiscoveryEnumeration = true)] // xUnit would write them out, byte by byte, to name the tests.
    public void A_damaged_pickle_is_refused(string what, byte[] pickle) =>
        Load(StateDictPickle.Write(_folder.At("x.pth"), pickle, [])).Should().Throw<InvalidDataException>(what);

    // Both forms, and all that checkpoints have.
    public static TheoryData<string> Damageable => ["new", "old", "checkpoint", "training2", "training5"];

    [Theory]
    [MemberData(nameof(Damageable))]
    public void Truncated_files_are_refused(string form)
    {
        byte[] original = Fixture(form);
        for (int length = 0; length < original.Length; length += 3)
            Assert.ThrowsAny<InvalidDataException>(() => FileContent.OpenTensors(new MemoryStream(original[..length])).Dispose());
    }

    [Theory]
    [MemberData(nameof(Damageable))]
    public void Damaged_files_are_refused_or_harmless(string form)
    {
        byte[] original = Fixture(form);
        var random = new Random(3);
        (int accepted, int refused) = (0, 0);
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = Damage(original, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using ITensorFile file = FileContent.OpenTensors(new MemoryStream(damaged));
                foreach (TensorEntry entry in file.Entries)
                    Read(file, entry);
                accepted++;
            }
            catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
            {
                refused++;
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 21);
        }
        // Both must happen often, or only one side is tested.
        Assert.True(accepted > 200 && refused > 200, $"{accepted} accepted, {refused} refused");
    }

    private static byte[] Damage(byte[] original, Random random)
    {
        byte[] damaged = [.. original];
        for (int i = random.Next(1, 3); i > 0; i--)
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
        return damaged;
    }

    private static byte[] Tensor => StateDictPickle.Tensor(StateDictPickle.Storage("0", 4), 0, [4], [1]);

    // Of a file with four numbers.
    private string[] Names(byte[] pickle)
    {
        byte[] bytes = File.ReadAllBytes(StateDictPickle.Write(_folder.At("x.pth"), pickle, [("data/0", new byte[16])]));
        using ITensorFile file = FileContent.OpenTensors(new MemoryStream(bytes));
        return [.. file.Entries.Select(entry => entry.Name)];
    }

    private static float[] Read(ITensorFile file, TensorEntry entry)
    {
        float[] values = new float[entry.Shape.Aggregate(1L, (product, length) => product * length)];
        file.Read(entry, values);
        return values;
    }

    private static Action Load(string path) => () => SegmentationWeights.Load(path).Dispose();

    private static byte[] Fixture(string name)
    {
        using Stream stream = typeof(PyTorchFileTests).Assembly.GetManifestResourceStream($"pytorch-{name}.pth")!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
