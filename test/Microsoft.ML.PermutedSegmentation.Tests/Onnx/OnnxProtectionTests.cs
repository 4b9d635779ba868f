using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.PermutedSegmentation.AnyModel;
using Onnx;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Models from elsewhere, protected and unlocked, against docs/onnx-protection.md.</summary>
public sealed class OnnxProtectionTests(ForeignModels models) : IClassFixture<ForeignModels>
{
    private static readonly OnnxProtectionOptions Sealed = new() { Seal = true };

    public static TheoryData<string, bool> All()
    {
        var all = new TheoryData<string, bool>();
        foreach (string name in (string[])[ForeignModels.UNet, ForeignModels.Transformer, ForeignModels.ManyForms, ForeignModels.External])
        {
            all.Add(name, false);
            all.Add(name, true);
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void With_the_key_it_is_the_original(string name, bool seal)
    {
        string path = models.Protect(name, new OnnxProtectionOptions { Seal = seal }), plain = models.New();
        byte[] expected = ForeignModels.Run(models.At(name));
        Assert.Equal(expected, ForeignModels.Run(OnnxProtection.Unlock(path, models.Key)));
        OnnxProtection.Unprotect(path, plain, models.Key);
        Assert.Equal(expected, ForeignModels.Run(plain));
        AssertSameTensors(models.At(name), plain);
        Assert.False(OnnxProtection.Describe(plain).IsProtected);
    }

    [Theory]
    [InlineData(ForeignModels.UNet)]
    [InlineData(ForeignModels.Transformer)]
    [InlineData(ForeignModels.ManyForms)]
    [InlineData(ForeignModels.External)]
    public void Without_the_key_a_permuted_model_runs_to_something_else_and_a_sealed_one_not_at_all(string name)
    {
        string path = models.Protect(name);
        byte[] original = ForeignModels.Run(models.At(name)), locked = ForeignModels.Run(path);
        Assert.Equal(original.Length, locked.Length);
        Assert.NotEqual(original, locked);
        byte[] wrong = ForeignModels.Run(OnnxProtection.Unlock(path, models.OtherKey, verify: false));
        Assert.NotEqual(original, wrong);
        Assert.NotEqual(locked, wrong);
        Assert.Contains("Unlock", Assert.Throws<OnnxRuntimeException>(() => ForeignModels.Run(models.Protect(name, Sealed))).Message);
    }

    // By hand: HKDF and AES of .NET, and the algorithm of design.md's section on keys.
    [Theory]
    [InlineData(ForeignModels.UNet, "head.weight", 8)]
    [InlineData(ForeignModels.UNet, "up.weight", 16)]
    [InlineData(ForeignModels.UNet, "bottom.0.weight", 16)]
    [InlineData(ForeignModels.UNet, "bottom.1.weight", 8)]
    [InlineData(ForeignModels.ManyForms, "gemm_b", 4)]
    public void The_order_can_be_computed_by_anybody_who_has_the_key(string name, string tensor, int channels)
    {
        string path = models.Protect(name);
        ModelProto before = ForeignModels.Parse(models.At(name)), after = ForeignModels.Parse(path);
        byte[] salt = Convert.FromHexString(after.MetadataProps.Single(entry => entry.Key == "permuted_segmentation.salt").Value);
        int[] order = Order(salt, $"PermutedSegmentation/v1/onnx/{channels}/{tensor}", channels);
        TensorProto was = before.Graph.Initializer.Single(one => one.Name == tensor), now = after.Graph.Initializer.Single(one => one.Name == tensor);
        // [M, C, ...] but for the transposed [C, M, ...] and the depthwise [channels, 1, ...].
        bool isFirstAxis = tensor is "up.weight" or "bottom.0.weight";
        int outer = isFirstAxis ? 1 : (int)was.Dims[0], inner = was.RawData.Length / outer / channels;
        for (int row = 0; row < outer; row++)
        {
            for (int i = 0; i < channels; i++)
                Assert.Equal(was.RawData.Span.Slice((row * channels + order[i]) * inner, inner), now.RawData.Span.Slice((row * channels + i) * inner, inner));
        }
    }

    // The layer sums over the rows of what it reads, which are the columns of what is stored.
    [Fact]
    public void Channels_are_found_behind_a_transpose()
    {
        float[] weights = [.. Enumerable.Range(0, 24).Select(i => (float)i)];
        ModelProto model = ForeignModels.Parse(models.At(ForeignModels.External));
        model.Graph = new GraphProto
        {
            Name = "transposed",
            Initializer = { new TensorProto { Name = "w", DataType = (int)TensorProto.Types.DataType.Float, Dims = { 6, 4 }, FloatData = { weights } } },
            Node = { new NodeProto { OpType = "Transpose", Input = { "w" }, Output = { "t" } }, new NodeProto { OpType = "MatMul", Input = { "x", "t" }, Output = { "y" } } },
        };
        string path = models.New();
        OnnxProtection.Protect(models.Write(model.ToByteArray()), path, models.Key);
        TensorProto now = ForeignModels.Parse(path).Graph.Initializer.Single();
        int[] order = Order(Convert.FromHexString(OnnxProtection.Describe(path).Salt!), "PermutedSegmentation/v1/onnx/4/w", 4);
        for (int i = 0; i < weights.Length; i++)
            Assert.Equal(weights[i / 4 * 4 + order[i % 4]], BitConverter.ToSingle(now.RawData.Span[(4 * i)..]));
    }

    [Fact]
    public void Every_layer_with_weights_is_permuted_whatever_its_form() => Assert.Equal(
        [
            "typed_w", "half_w", "qdq_w", "qlin_w", "int_w", "qmat_w", "intmat_w", "shared", "gemm_a", "gemm_b", "choice/else_branch/w", "repeat/body/loop_w", "local::Double/function_w",
        ],
        OnnxProtection.Describe(models.Protect(ForeignModels.ManyForms)).Layers);

    [Fact]
    public void All_else_stays()
    {
        foreach (bool seal in (bool[])[false, true])
        {
            string path = models.Protect(ForeignModels.ManyForms, new OnnxProtectionOptions { Seal = seal }), plain = models.New();
            Assert.Contains(ForeignModels.Parse(path).OpsetImport, set => set is { Domain: "somebody.else", Version: 3 });
            Assert.Contains(ForeignModels.Parse(path).MetadataProps, entry => entry is { Key: "owner", Value: "someone" });
            OnnxProtection.Unprotect(path, plain, models.Key);
            ModelProto before = ForeignModels.Parse(models.At(ForeignModels.ManyForms)), after = ForeignModels.Parse(plain);
            foreach (ModelProto model in (ModelProto[])[before, after])
            {
                foreach (StoredTensor tensor in Tensors(model))
                    tensor.WriteOwn([]);
            }
            Assert.Equal(before, after);
        }
    }

    [Fact]
    public void Nothing_of_the_weights_is_in_a_sealed_file()
    {
        foreach (string name in (string[])[ForeignModels.UNet, ForeignModels.Transformer, ForeignModels.ManyForms, ForeignModels.External])
        {
            string path = models.Protect(name, Sealed);
            byte[] content = [.. File.ReadAllBytes(path), .. File.Exists(path + ".data") ? File.ReadAllBytes(path + ".data") : []];
            using var original = OnnxDocument.Read(models.At(name));
            original.Transform([], output: null);
            foreach (StoredTensor tensor in original.Tensors.Where(tensor => tensor.Size >= 16))
                Assert.Equal(-1, content.AsSpan().IndexOf(tensor.ReadOwn()));
        }
    }

    // Where tensors lie in no graph that runs.
    [Fact]
    public void Tensors_of_training_graphs_default_attributes_and_empty_ones_are_sealed_too()
    {
        ModelProto model = ForeignModels.Parse(models.At(ForeignModels.External));
        TensorProto secret = new() { Name = "secret", DataType = (int)TensorProto.Types.DataType.Float, Dims = { 4 }, FloatData = { 1.25f, 2.5f, 3.75f, 5.125f } };
        model.TrainingInfo.Add(new TrainingInfoProto { Initialization = new GraphProto { Name = "start", Initializer = { secret } } });
        model.Functions.Add(new FunctionProto { Name = "f", Domain = "d", AttributeProto = { new AttributeProto { Name = "a", Type = AttributeProto.Types.AttributeType.Tensor, T = secret } } });
        TensorProto empty = model.Graph.Initializer[0].Clone();
        empty.Name = "empty";
        empty.Dims[0] = 0;
        empty.ExternalData.Remove(empty.ExternalData.Single(entry => entry.Key == "length"));
        model.Graph.Initializer.Add(empty);
        string source = models.Write(model.ToByteArray()), path = models.New(), plain = models.New();
        OnnxProtection.Protect(source, path, models.Key, Sealed);
        byte[] values = [.. secret.FloatData.SelectMany(BitConverter.GetBytes)];
        Assert.True(File.ReadAllBytes(source).AsSpan().IndexOf(values) >= 0);
        Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf(values));
        OnnxProtection.Unprotect(path, plain, models.Key);
        AssertSameTensors(source, plain);
        Assert.DoesNotContain(GraphScope.AllOf(ModelProto.Parser.ParseFrom(OnnxProtection.Unlock(path, models.Key))).SelectMany(scope => scope.Tensors), tensor => tensor.IsExternal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_gets_another_key(bool seal)
    {
        string path = models.Protect(ForeignModels.External, new OnnxProtectionOptions { Seal = seal }), rekeyed = models.New();
        Assert.Throws<WrongKeyException>(() => OnnxProtection.Rekey(path, rekeyed, models.OtherKey, models.Key));
        Assert.False(File.Exists(rekeyed) || File.Exists(rekeyed + ".data"));
        Assert.Contains("nothing would change", Assert.Throws<ArgumentException>(() => OnnxProtection.Rekey(path, rekeyed, models.Key, models.Key)).Message);
        OnnxProtection.Rekey(path, rekeyed, models.Key, models.OtherKey);
        Assert.Equal(ForeignModels.Run(models.At(ForeignModels.External)), ForeignModels.Run(OnnxProtection.Unlock(rekeyed, models.OtherKey)));
        Assert.Throws<WrongKeyException>(() => OnnxProtection.Unlock(rekeyed, models.Key));
        OnnxProtectionInfo before = OnnxProtection.Describe(path), after = OnnxProtection.Describe(rekeyed);
        Assert.Equal(before.Layers, after.Layers);
        Assert.Equal(seal, after.IsSealed);
        Assert.NotEqual(before.Salt, after.Salt);
        Assert.NotEqual(before.Fingerprint, after.Fingerprint);
    }

    [Fact]
    public void Only_chosen_layers_are_permuted()
    {
        string path = models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Layers = ["head.weight"] });
        Assert.Equal(["head.weight"], OnnxProtection.Describe(path).Layers);
        ModelProto before = ForeignModels.Parse(models.At(ForeignModels.UNet)), after = ForeignModels.Parse(path);
        Assert.Equal(["head.weight"], before.Graph.Initializer.Zip(after.Graph.Initializer).Where(pair => !pair.First.Equals(pair.Second)).Select(pair => pair.First.Name));
        Assert.Equal(7, OnnxProtection.Describe(models.At(ForeignModels.UNet)).Layers.Count);
        Assert.Contains("Layers is empty", Assert.Throws<ArgumentException>(() => models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Layers = [] })).Message);
        Assert.Contains("'head.wait'", Assert.Throws<ArgumentException>(() => models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Layers = ["head.wait"] })).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_wrong_key_is_refused(bool seal)
    {
        string path = models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Seal = seal });
        string nameless = models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Seal = seal, StoreFingerprint = false });
        Assert.Throws<WrongKeyException>(() => OnnxProtection.Unlock(path, models.OtherKey));
        Assert.Throws<WrongKeyException>(() => OnnxProtection.Unprotect(path, models.New(), models.OtherKey));
        Assert.Null(OnnxProtection.Describe(nameless).Fingerprint);
        if (seal)
        {
            Assert.Throws<WrongKeyException>(() => OnnxProtection.Unlock(path, models.OtherKey, verify: false));
            Assert.Throws<WrongKeyException>(() => OnnxProtection.Unlock(nameless, models.OtherKey));
            OnnxProtection.Unlock(nameless, models.Key);
        }
        else
        {
            Assert.Contains("no fingerprint", Assert.Throws<InvalidOperationException>(() => OnnxProtection.Unlock(nameless, models.Key)).Message);
            Assert.Equal(ForeignModels.Run(models.At(ForeignModels.UNet)), ForeignModels.Run(OnnxProtection.Unlock(nameless, models.Key, verify: false)));
            string rekeyed = models.New(), plain = models.New();
            OnnxProtection.Rekey(nameless, rekeyed, models.Key, models.OtherKey, verify: false);
            OnnxProtection.Unprotect(rekeyed, plain, models.OtherKey, verify: false);
            Assert.Equal(ForeignModels.Run(models.At(ForeignModels.UNet)), ForeignModels.Run(plain));
        }
    }

    private static void AssertSameTensors(string expected, string actual)
    {
        using OnnxDocument one = OnnxDocument.Read(expected), other = OnnxDocument.Read(actual);
        foreach (OnnxDocument document in (OnnxDocument[])[one, other])
            document.Transform([], output: null);
        Assert.Equal(one.Tensors.Select(tensor => tensor.Id), other.Tensors.Select(tensor => tensor.Id));
        Assert.All(one.Tensors.Zip(other.Tensors), pair =>
        {
            Assert.Equal(pair.First.Proto.DataType, pair.Second.Proto.DataType);
            Assert.Equal(pair.First.Proto.Dims, pair.Second.Proto.Dims);
            Assert.Equal(pair.First.ReadOwn(), pair.Second.ReadOwn());
        });
    }

    private static IEnumerable<StoredTensor> Tensors(ModelProto model) => GraphScope.AllOf(model).SelectMany(scope => scope.Tensors);

    private int[] Order(byte[] salt, string info, int count)
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        using var aes = Aes.Create();
        aes.Key = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, salt, Encoding.UTF8.GetBytes(info));
        int[] order = [.. Enumerable.Range(0, count)];
        int drawn = 0;
        for (int i = count - 1; i > 0; i--)
        {
            uint bound = (uint)i + 1, word;
            do
            {
                byte[] counter = new byte[16];
                BinaryPrimitives.WriteInt64BigEndian(counter.AsSpan(8), drawn / 4);
                word = BinaryPrimitives.ReadUInt32LittleEndian(aes.EncryptEcb(counter, PaddingMode.None).AsSpan(drawn++ % 4 * 4));
            }
            while (word >= (1UL << 32) - (1UL << 32) % bound);
            (order[i], order[word % bound]) = (order[word % bound], order[i]);
        }
        return order;
    }
}
