using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Onnx;
using Onnx;
using Xunit;
using Segmenter = Microsoft.ML.PermutedSegmentation.PermutedSegmentationTransformer;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What a key does to a chain gives the same chain: its types, its scopes, and its own hold on memory.</summary>
public sealed class TypedChainTests : IClassFixture<UnprotectedModel>
{
    private readonly UnprotectedModel _plain;
    private readonly SegmentationCatalog _segmentation;
    private readonly ITransformer _copy;

    public TypedChainTests(UnprotectedModel plain)
    {
        (_plain, _segmentation) = (plain, plain.MLContext.Segmentation());
        _copy = plain.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(plain.Data);
    }

    [Fact]
    public void A_chain_keeps_the_type_of_its_last_link()
    {
        TransformerChain<Segmenter> protectedChain = _segmentation.Protect(Chain(), _plain.Key);
        TransformerChain<Segmenter> locked = _segmentation.Lock(protectedChain);
        TransformerChain<Segmenter> unlocked = _segmentation.Unlock(locked, _plain.Key, verify: true);
        using var newKey = PermutationKey.Generate();
        TransformerChain<Segmenter> rekeyed = _segmentation.Rekey(locked, _plain.Key, newKey);
        TransformerChain<Segmenter> unprotected = _segmentation.Unprotect(rekeyed, newKey);

        Assert.Equal(FeatureMaps.All, protectedChain.LastTransformer.FeatureMaps);
        Assert.Equal(
            [true, false, true, true, true],
            new[] { protectedChain, locked, unlocked, rekeyed, unprotected }.Select(chain => chain.LastTransformer.IsUnlocked));
        float[][] scores = _plain.ScoresOf(_plain.Transformer);
        Assert.All([protectedChain, unlocked, rekeyed, unprotected], chain => Assert.Equal(scores, _plain.ScoresOf(chain)));
        Assert.NotEqual(scores, _plain.ScoresOf(locked));
    }

    [Fact]
    public void Each_chain_in_a_chain_keeps_its_type()
    {
        var nested = new TransformerChain<TransformerChain<Segmenter>>(new TransformerChain<ColumnCopyingTransformer>(_copy), Chain());
        TransformerChain<TransformerChain<Segmenter>> result = _segmentation.Protect(nested, _plain.Key);
        Assert.Equal(FeatureMaps.All, result.LastTransformer.LastTransformer.FeatureMaps);
        Assert.IsType<TransformerChain<ColumnCopyingTransformer>>(result.First());
        ITransformer untyped = _segmentation.Lock<ITransformer>(result);
        Assert.IsType<TransformerChain<TransformerChain<Segmenter>>>(untyped);
    }

    [Fact]
    public void A_loaded_model_is_a_chain_of_anything()
    {
        var loaded = (TransformerChain<ITransformer>)_plain.MLContext.Model.Load(_plain.Save(_segmentation.Protect(Chain(), _plain.Key)), out _);
        TransformerChain<ITransformer> unlocked = _segmentation.Unlock(loaded, _plain.Key, verify: true);
        Assert.Equal(_plain.ScoresOf(_plain.Transformer), _plain.ScoresOf(unlocked));
    }

    [Fact]
    public void Links_keep_their_scopes()
    {
        var chain = new TransformerChain<Segmenter>([_copy, Own()], [TransformerScope.TrainTest, TransformerScope.Everything]);
        TransformerChain<Segmenter> result = _segmentation.Protect(chain, _plain.Key);
        Assert.Same(result.LastTransformer, Assert.Single(result.GetModelFor(TransformerScope.Scoring)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Chains_are_disposed_in_any_order(bool oldFirst)
    {
        float[][] scores = _plain.ScoresOf(_plain.Transformer);
        var old = new TransformerChain<TransformerChain<Segmenter>>(Chain());
        TransformerChain<TransformerChain<Segmenter>> other = _segmentation.Protect(old, _plain.Key);
        (IDisposable first, ITransformer second) = oldFirst ? ((IDisposable)old, other) : (other, old);
        first.Dispose();
        Assert.Equal(scores, _plain.ScoresOf(second));
        Assert.Throws<ObjectDisposedException>(() => _plain.ScoresOf((ITransformer)first));
        ((IDisposable)second).Dispose();
    }

    // A link of ML.NET's that holds native memory, which a chain disposes with itself.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void So_are_chains_with_other_native_memory_in_them(bool oldFirst)
    {
        using var folder = new TempFolder();
        var mlContext = new MLContext(); // OnnxTransformer takes CpuContext's -1 for a CUDA device
        IDataView data = mlContext.Transforms.CustomMapping((Named _, Number to) => to.x = [2], contractName: null).Fit(_plain.Data).Transform(_plain.Data);
        OnnxTransformer twice = mlContext.Transforms.ApplyOnnxModel(["y"], ["x"], folder.Write("sum.onnx", Sum())).Fit(data);
        var old = new TransformerChain<Segmenter>(twice, Own());
        TransformerChain<Segmenter> other = mlContext.Segmentation().Protect(old, _plain.Key);
        (IDisposable first, ITransformer second) = oldFirst ? ((IDisposable)old, other) : (other, old);
        first.Dispose();
        Assert.All(second.Transform(data).GetColumn<float[]>("y"), y => Assert.Equal([4f], y));
        ((IDisposable)second).Dispose();
    }

    [Fact]
    public void A_chain_is_asked_for_its_segmenter()
    {
        TransformerChain<Segmenter> chain = Chain();
        Assert.Same(chain.LastTransformer, _segmentation.GetSegmenter(chain));
        Assert.Same(chain.LastTransformer, _segmentation.GetSegmenter(chain.LastTransformer));
        Assert.Same(chain.LastTransformer, _segmentation.GetSegmenter(new TransformerChain<ITransformer>(_copy, new TransformerChain<ITransformer>(chain))));
        Assert.Contains("no Permuted", Assert.Throws<ArgumentException>("model", () => _segmentation.GetSegmenter(_copy)).Message);
        Assert.Contains("more than one", Assert.Throws<ArgumentException>("model", () => _segmentation.GetSegmenter(new TransformerChain<ITransformer>(chain, Own()))).Message);
        Assert.Throws<ArgumentNullException>("model", () => _segmentation.GetSegmenter(null!));
    }

    [Fact]
    public void A_chain_is_asked_whether_it_is_unlocked()
    {
        Assert.True(_segmentation.IsUnlocked(Chain()));
        Segmenter unlocked = _segmentation.Protect(_plain.Transformer, _plain.Key);
        Assert.True(_segmentation.IsUnlocked(unlocked));
        Assert.False(_segmentation.IsUnlocked(new TransformerChain<ITransformer>(_copy, new TransformerChain<ITransformer>(_segmentation.Lock(unlocked)))));
        Assert.Throws<ArgumentException>("model", () => _segmentation.IsUnlocked(_copy));
        Assert.Throws<ArgumentNullException>("model", () => _segmentation.IsUnlocked(null!));
    }

    [Fact]
    public void Locking_is_saving_and_loading()
    {
        using Segmenter unlocked = _segmentation.Protect(_plain.Transformer, _plain.Key, FeatureMaps.Stage3), locked = _segmentation.Lock(unlocked);
        using Segmenter loaded = _plain.SaveAndLoad(unlocked);
        Assert.False(locked.IsUnlocked);
        Assert.Equal(UnprotectedModel.LogitsOf(loaded), UnprotectedModel.LogitsOf(locked));
        Assert.True(UnprotectedModel.Stored(loaded).AsSpan().SequenceEqual(UnprotectedModel.Stored(locked)));
        Assert.Contains("not protected", Assert.Throws<InvalidOperationException>(() => _segmentation.Lock(_plain.Transformer)).Message);
        Assert.Throws<ArgumentException>("model", () => _segmentation.Lock(_copy));
        Assert.Throws<ArgumentNullException>("model", () => _segmentation.Lock((ITransformer)null!));
    }

    private TransformerChain<Segmenter> Chain() => new(_copy, Own());

    private Segmenter Own() => _plain.Locked(_plain.Transformer);

    // y = x + x
    private static byte[] Sum()
    {
        var number = new TypeProto { TensorType = new() { ElemType = (int)TensorProto.Types.DataType.Float, Shape = new() { Dim = { new TensorShapeProto.Types.Dimension { DimValue = 1 } } } } };
        return new ModelProto
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 13 } },
            Graph = new GraphProto
            {
                Name = "sum",
                Node = { new NodeProto { OpType = "Add", Input = { "x", "x" }, Output = { "y" } } },
                Input = { new ValueInfoProto { Name = "x", Type = number } },
                Output = { new ValueInfoProto { Name = "y", Type = number } },
            },
        }.ToByteArray();
    }

    private sealed class Named
    {
        public string Name { get; set; } = "";
    }

    private sealed class Number
    {
        [VectorType(1)]
        public float[] x { get; set; } = [];
    }
}
