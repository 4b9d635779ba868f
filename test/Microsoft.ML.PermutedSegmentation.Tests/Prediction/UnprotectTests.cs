using Microsoft.ML.Data;
using TorchSharp;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.UnprotectedModel;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class UnprotectTests(UnprotectedModel trained) : IClassFixture<UnprotectedModel>
{
    private readonly SegmentationCatalog _segmentation = CpuContext.Create().Segmentation();

    [Theory]
    [InlineData(FeatureMaps.Head)]
    [InlineData(FeatureMaps.Stem | FeatureMaps.Stage1 | FeatureMaps.Stage3)]
    [InlineData(FeatureMaps.All)]
    public void The_unprotected_model_comes_back_bit_for_bit(FeatureMaps maps)
    {
        using PermutedSegmentationTransformer model = Protect(maps), locked = trained.Locked(model);
        byte[] original = Stored(trained.Transformer), logits = LogitsOf(trained.Transformer);
        Assert.NotEqual(logits, LogitsOf(locked));
        foreach (PermutedSegmentationTransformer given in (PermutedSegmentationTransformer[])[model, locked])
        {
            using PermutedSegmentationTransformer plain = Unprotect(given);
            Assert.Equal(logits, LogitsOf(plain));
            // The same file as well: the description has forgotten salt and fingerprint.
            Assert.True(original.AsSpan().SequenceEqual(Stored(plain)));
        }
    }

    [Fact]
    public void Its_file_needs_no_key()
    {
        using PermutedSegmentationTransformer model = Protect(), plain = Unprotect(model), loaded = trained.SaveAndLoad(plain);
        Assert.True(loaded.IsUnlocked);
        Assert.Equal(FeatureMaps.None, loaded.FeatureMaps);
        Assert.True(loaded.Salt.IsEmpty && loaded.Fingerprint.IsEmpty);
        Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(loaded));
        Assert.Throws<InvalidOperationException>(() => _segmentation.Unlock(loaded, trained.Key));
    }

    [Fact]
    public void A_network_of_bottlenecks_is_kept_bit_for_bit_too()
    {
        var options = ColorPatches.Options(epochs: 1);
        (options.Backbone, options.OutputStride) = (Backbone.ResNet50, 32);
        using var plain = trained.MLContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(trained.MLContext, 12));
        using var model = (PermutedSegmentationTransformer)_segmentation.Protect(plain, trained.Key);
        using var newKey = PermutationKey.Generate();
        using PermutedSegmentationTransformer locked = trained.Locked(model), unprotected = Unprotect(locked);
        using var rekeyed = (PermutedSegmentationTransformer)_segmentation.Rekey(locked, trained.Key, newKey);
        using PermutedSegmentationTransformer rekeyedLocked = trained.Locked(rekeyed);
        using var unlocked = (PermutedSegmentationTransformer)_segmentation.Unlock(rekeyedLocked, newKey, verify: true);
        byte[] logits = LogitsOf(plain);
        Assert.NotEqual(logits, LogitsOf(locked));
        Assert.NotEqual(logits, LogitsOf(rekeyedLocked));
        Assert.Equal(logits, LogitsOf(unprotected));
        Assert.Equal(logits, LogitsOf(rekeyed));
        Assert.Equal(logits, LogitsOf(unlocked));
    }

    [Fact]
    public void A_wrong_key_is_refused()
    {
        using var wrong = PermutationKey.Generate();
        using PermutedSegmentationTransformer model = Protect(), locked = trained.Locked(model);
        Assert.Contains("not the key", Assert.Throws<InvalidOperationException>(() => _segmentation.Unprotect(model, wrong)).Message);
        Assert.Throws<InvalidOperationException>(() => _segmentation.Unprotect(locked, wrong));

        // One that was unlocked with it is not lost: the right key still undoes the protection.
        using var misused = (PermutedSegmentationTransformer)_segmentation.Unlock(locked, wrong);
        Assert.Throws<InvalidOperationException>(() => _segmentation.Unprotect(misused, wrong));
        using PermutedSegmentationTransformer plain = Unprotect(misused);
        Assert.Equal(LogitsOf(trained.Transformer), LogitsOf(plain));
    }

    [Fact]
    public void Without_a_fingerprint_the_model_has_to_be_unlocked_with_the_key()
    {
        using var wrong = PermutationKey.Generate();
        using var model = (PermutedSegmentationTransformer)_segmentation.Protect(trained.Transformer, trained.Key, storeFingerprint: false);
        using PermutedSegmentationTransformer locked = trained.Locked(model);
        Assert.Contains("unlock it with the key first", Assert.Throws<InvalidOperationException>(() => _segmentation.Unprotect(locked, trained.Key)).Message);
        Assert.Throws<InvalidOperationException>(() => _segmentation.Unprotect(model, wrong));
        using var unlocked = (PermutedSegmentationTransformer)_segmentation.Unlock(locked, trained.Key);
        using PermutedSegmentationTransformer first = Unprotect(model), second = Unprotect(unlocked);
        Assert.Equal(LogitsOf(trained.Transformer), LogitsOf(first));
        Assert.Equal(LogitsOf(trained.Transformer), LogitsOf(second));
    }

    [Fact]
    public void An_unprotected_model_is_refused()
    {
        Assert.Contains("not protected", Assert.Throws<InvalidOperationException>(() => _segmentation.Unprotect(trained.Transformer, trained.Key)).Message);
        using var newKey = PermutationKey.Generate();
        Assert.Contains("not protected", Assert.Throws<InvalidOperationException>(() => _segmentation.Rekey(trained.Transformer, trained.Key, newKey)).Message);
    }

    [Fact]
    public void A_chain_keeps_its_other_links()
    {
        ITransformer chain = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data).Append(Protect(FeatureMaps.Stage4));
        ITransformer plain = _segmentation.Unprotect(chain, trained.Key);
        Assert.Equal(chain.Transform(trained.Data).GetColumn<string>("Copy"), plain.Transform(trained.Data).GetColumn<string>("Copy"));
        Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(plain));
        Assert.Equal(FeatureMaps.None, Find(plain).FeatureMaps);
        Assert.Equal(FeatureMaps.Stage4, Find(chain).FeatureMaps);
    }

    [Fact]
    public void A_chain_without_a_segmentation_model_is_refused()
    {
        ITransformer other = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data);
        using var newKey = PermutationKey.Generate();
        Assert.Throws<ArgumentException>(() => _segmentation.Unprotect(other, trained.Key));
        Assert.Throws<ArgumentException>(() => _segmentation.Rekey(new TransformerChain<ITransformer>(other), trained.Key, newKey));
    }

    [Fact]
    public void What_no_key_changes_is_shared_and_each_model_is_disposed_on_its_own()
    {
        byte[] logits = LogitsOf(trained.Transformer);
        long before = SmallNetworks.LiveTensors;
        PermutedSegmentationTransformer model = Protect(FeatureMaps.Head), locked = trained.Locked(model);
        using (PermutedSegmentationTransformer plain = Unprotect(locked))
        {
            IReadOnlyDictionary<string, torch.Tensor> given = locked.Network().State;
            string[] changed = [.. plain.Network().State.Where(entry => entry.Value.bytes != given[entry.Key].bytes).Select(entry => entry.Key)];
            // Spans are equal when they are the same memory.
            Assert.Equal(["classifier.4.weight"], changed);
            locked.Dispose();
            model.Dispose();
            Assert.Equal(logits, LogitsOf(plain));
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    private PermutedSegmentationTransformer Protect(FeatureMaps maps = FeatureMaps.All)
        => (PermutedSegmentationTransformer)_segmentation.Protect(trained.Transformer, trained.Key, maps);

    private PermutedSegmentationTransformer Unprotect(ITransformer model)
        => (PermutedSegmentationTransformer)_segmentation.Unprotect(model, trained.Key);
}
