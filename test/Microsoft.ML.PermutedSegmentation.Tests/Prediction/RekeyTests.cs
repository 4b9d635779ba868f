using Microsoft.ML.Data;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.UnprotectedModel;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class RekeyTests(UnprotectedModel trained) : IClassFixture<UnprotectedModel>, IDisposable
{
    private readonly SegmentationCatalog _segmentation = CpuContext.Create().Segmentation();
    private readonly PermutationKey _newKey = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(3 * i))]);

    public void Dispose() => _newKey.Dispose();

    [Theory]
    [InlineData(FeatureMaps.Head)]
    [InlineData(FeatureMaps.Stem | FeatureMaps.Stage1 | FeatureMaps.Stage3)]
    [InlineData(FeatureMaps.All)]
    public void The_new_key_opens_the_model_and_the_old_one_does_not(FeatureMaps maps)
    {
        using PermutedSegmentationTransformer model = Protect(maps), locked = trained.Locked(model), rekeyed = Rekey(locked);
        byte[] logits = LogitsOf(trained.Transformer);
        Assert.True(rekeyed.IsUnlocked);
        Assert.Equal(maps, rekeyed.FeatureMaps);
        Assert.Equal(logits, LogitsOf(rekeyed));
        Assert.NotEqual(model.Salt.ToArray(), rekeyed.Salt.ToArray());
        Assert.Equal(_newKey.GetFingerprint(rekeyed.Salt.Span), rekeyed.Fingerprint.ToArray());

        using PermutedSegmentationTransformer stored = trained.Locked(rekeyed);
        Assert.NotEqual(LogitsOf(locked), LogitsOf(stored));
        using var withNew = _segmentation.Unlock(stored, _newKey, verify: true);
        using var withOld = _segmentation.Unlock(stored, trained.Key);
        Assert.Equal(logits, LogitsOf(withNew));
        Assert.NotEqual(logits, LogitsOf(withOld));
        Assert.Throws<WrongKeyException>(() => _segmentation.Unlock(stored, trained.Key, verify: true));
    }

    [Fact]
    public void What_is_stored_is_the_unprotected_model_protected_with_the_new_key()
    {
        using PermutedSegmentationTransformer model = Protect(), rekeyed = Rekey(model);
        using var plain = _segmentation.Unprotect(trained.SaveAndLoad(rekeyed), _newKey);
        Assert.True(Stored(trained.Transformer).AsSpan().SequenceEqual(Stored(plain)));
    }

    [Fact]
    public void A_wrong_old_key_is_refused()
    {
        using PermutedSegmentationTransformer model = Protect(), locked = trained.Locked(model);
        using var wrong = PermutationKey.Generate();
        Assert.Contains("not the key", Assert.Throws<WrongKeyException>(() => _segmentation.Rekey(locked, wrong, _newKey)).Message);
        Assert.Throws<WrongKeyException>(() => _segmentation.Rekey(model, _newKey, trained.Key)); // the wrong way round
    }

    [Fact]
    public void The_same_key_is_refused()
    {
        using PermutedSegmentationTransformer model = Protect();
        using var same = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(5 * i))]);
        Assert.Equal("newKey", Assert.Throws<ArgumentException>(() => _segmentation.Rekey(model, trained.Key, same)).ParamName);
    }

    [Fact]
    public void A_model_without_fingerprint_gets_none()
    {
        using var model = _segmentation.Protect(trained.Transformer, trained.Key, storeFingerprint: false);
        using PermutedSegmentationTransformer locked = trained.Locked(model), rekeyed = Rekey(model);
        Assert.True(rekeyed.Fingerprint.IsEmpty);
        Assert.Equal(LogitsOf(trained.Transformer), LogitsOf(rekeyed));
        Assert.Contains("unlock it with the key first", Assert.Throws<InvalidOperationException>(() => Rekey(locked)).Message);
    }

    [Fact]
    public void Disposed_keys_are_refused_and_leave_nothing_behind()
    {
        using PermutedSegmentationTransformer model = Protect();
        var disposed = PermutationKey.Generate();
        disposed.Dispose();
        long before = SmallNetworks.LiveTensors;
        Assert.Throws<ObjectDisposedException>(() => _segmentation.Rekey(model, trained.Key, disposed));
        Assert.Throws<ObjectDisposedException>(() => _segmentation.Rekey(model, disposed, _newKey));
        Assert.Throws<ObjectDisposedException>(() => _segmentation.Unprotect(model, disposed));
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void In_a_chain_each_model_is_disposed_on_its_own()
    {
        byte[] logits = LogitsOf(trained.Transformer);
        long before = SmallNetworks.LiveTensors;
        PermutedSegmentationTransformer model = Protect(FeatureMaps.Stage2);
        ITransformer chain = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data).Append(model);
        ITransformer rekeyed = _segmentation.Rekey(chain, trained.Key, _newKey);
        Assert.Equal(chain.Transform(trained.Data).GetColumn<string>("Copy"), rekeyed.Transform(trained.Data).GetColumn<string>("Copy"));
        model.Dispose();
        Assert.Equal(logits, LogitsOf(rekeyed));
        ((IDisposable)rekeyed).Dispose();
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    private PermutedSegmentationTransformer Protect(FeatureMaps maps = FeatureMaps.All)
        => _segmentation.Protect(trained.Transformer, trained.Key, maps);

    private PermutedSegmentationTransformer Rekey(PermutedSegmentationTransformer model)
        => _segmentation.Rekey(model, trained.Key, _newKey);
}
