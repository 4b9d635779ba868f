using Microsoft.ML.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ProtectTests(UnprotectedModel trained) : IClassFixture<UnprotectedModel>
{
    private readonly SegmentationCatalog _segmentation = CpuContext.Create().Segmentation();

    [Fact]
    public void What_runs_in_memory_is_the_same_network_bit_for_bit()
    {
        using PermutedSegmentationTransformer model = Protect();
        Assert.True(model.IsUnlocked);
        Assert.Equal(FeatureMaps.All, model.FeatureMaps);
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        Tensor images = SmallNetworks.RandomImages(seed: 1);
        Assert.Equal(trained.Transformer.Network().Forward(images).bytes.ToArray(), model.Network().Forward(images).bytes.ToArray());
        Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(model));
    }

    [Theory]
    [InlineData(FeatureMaps.Head)]
    [InlineData(FeatureMaps.Stem | FeatureMaps.Stage1 | FeatureMaps.Stage3)]
    [InlineData(FeatureMaps.All)]
    public void What_is_saved_is_the_papers_network_with_these_maps_permuted(FeatureMaps maps)
    {
        using PermutedSegmentationTransformer model = Protect(maps);
        using PermutedSegmentationTransformer locked = trained.SaveAndLoad(model);
        Assert.False(locked.IsUnlocked);
        Assert.Equal(maps, locked.FeatureMaps);

        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        TorchNetwork stored = locked.Network();
        var permutations = maps.Each().ToDictionary(
            map => map, map => trained.Key.GetChannelPermutation(locked.Model.Description.Salt, map.Number(), stored.Layout.Find(map).Channels));
        Tensor images = SmallNetworks.RandomImages(seed: 2);
        Tensor expected = trained.Transformer.Network().Forward(images);
        SmallNetworks.Difference(expected, LiteralNetwork.Forward(stored, permutations, images)).Should().BeLessThan(1e-4);
        SmallNetworks.Difference(expected, stored.Forward(images)).Should().BeGreaterThan(0.1);

        using var unlocked = _segmentation.Unlock(locked, trained.Key, verify: true);
        Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(unlocked));
    }

    [Fact]
    public void Without_the_key_or_with_another_the_labels_are_worth_nothing()
    {
        using PermutedSegmentationTransformer model = Protect();
        using PermutedSegmentationTransformer locked = trained.SaveAndLoad(model);
        using var wrong = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(3 * i))]);
        using var misread = _segmentation.Unlock(locked, wrong);
        double plain = MeanIoU(trained.Transformer);
        Assert.Equal(plain, MeanIoU(model));
        // Trainings differ by the width of the processor's vectors.
        plain.Should().BeGreaterThan(0.55);
        MeanIoU(locked).Should().BeLessThan(0.5 * plain);
        MeanIoU(misread).Should().BeLessThan(0.5 * plain);
    }

    [Fact]
    public void One_key_protects_two_models_in_unrelated_ways()
    {
        using PermutedSegmentationTransformer first = Protect(), second = Protect();
        Assert.Equal(16, first.Model.Description.Salt?.Length);
        Assert.NotEqual(first.Model.Description.Salt, second.Model.Description.Salt);
        Assert.NotEqual(first.Model.Description.Fingerprint, second.Model.Description.Fingerprint);
        using PermutedSegmentationTransformer firstLocked = trained.SaveAndLoad(first), secondLocked = trained.SaveAndLoad(second);
        Assert.NotEqual(trained.ScoresOf(firstLocked), trained.ScoresOf(secondLocked));
    }

    [Fact]
    public void Weights_are_shared_and_each_model_is_disposed_on_its_own()
    {
        long before = SmallNetworks.LiveTensors;
        PermutedSegmentationTransformer plain = trained.SaveAndLoad(trained.Transformer);
        float[][] scores = trained.ScoresOf(plain);
        var first = _segmentation.Protect(plain, trained.Key);
        using (var second = _segmentation.Protect(plain, trained.Key))
        {
            IReadOnlyDictionary<string, Tensor> given = plain.Network().State;
            // Spans are equal when they are the same memory.
            Assert.All(second.Network().State, entry => Assert.True(entry.Value.bytes == given[entry.Key].bytes, entry.Key));
            first.Dispose();
            Assert.Equal(scores, trained.ScoresOf(plain));
            plain.Dispose();
            Assert.Equal(scores, trained.ScoresOf(second));
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void A_chain_keeps_its_other_links()
    {
        var chain = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data).Append(trained.Transformer);
        ITransformer model = _segmentation.Protect(chain, trained.Key, FeatureMaps.Stage4);
        Assert.Equal(chain.Transform(trained.Data).GetColumn<string>("Copy"), model.Transform(trained.Data).GetColumn<string>("Copy"));
        Assert.Equal(trained.ScoresOf(chain), trained.ScoresOf(model));
        Assert.Equal(FeatureMaps.Stage4, UnprotectedModel.Find(model).FeatureMaps);
        Assert.Equal(FeatureMaps.None, UnprotectedModel.Find(chain).FeatureMaps);
    }

    [Fact]
    public void The_fingerprint_tells_a_wrong_key_unless_it_is_left_out()
    {
        using var wrong = TestKeys.Wrong();
        using PermutedSegmentationTransformer model = Protect();
        Assert.Throws<WrongKeyException>(() => _segmentation.Unlock(model, wrong, verify: true));
        _segmentation.Unlock(model, trained.Key, verify: true);
        ITransformer without = _segmentation.Protect(trained.Transformer, trained.Key, storeFingerprint: false);
        Assert.Throws<InvalidOperationException>(() => _segmentation.Unlock(without, trained.Key, verify: true));
        _segmentation.Unlock(without, trained.Key);
    }

    [Fact]
    public void The_file_does_not_hold_the_key()
    {
        using PermutedSegmentationTransformer model = Protect();
        byte[] file = File.ReadAllBytes(trained.Save(model));
        byte[] keyStart = [.. Enumerable.Range(1, 8).Select(i => (byte)(5 * i))];
        Assert.Equal(-1, file.AsSpan().IndexOf(keyStart));
    }

    [Theory]
    [InlineData(FeatureMaps.None)]
    [InlineData((FeatureMaps)64)]
    [InlineData(FeatureMaps.Head | (FeatureMaps)128)]
    public void Maps_that_are_none_are_refused(FeatureMaps maps)
        => Assert.Equal("featureMaps", Assert.Throws<ArgumentOutOfRangeException>(() => Protect(maps)).ParamName);

    [Fact]
    public void A_protected_model_is_not_protected_again()
    {
        using PermutedSegmentationTransformer model = Protect(FeatureMaps.Head);
        Assert.Contains("Rekey", Assert.Throws<InvalidOperationException>(() => _segmentation.Protect(model, trained.Key)).Message);
        using PermutedSegmentationTransformer locked = trained.SaveAndLoad(model);
        Assert.Throws<InvalidOperationException>(() => _segmentation.Protect(locked, trained.Key, FeatureMaps.Stem));
    }

    [Fact]
    public void A_chain_without_a_segmentation_model_is_refused()
    {
        ITransformer other = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data);
        Assert.Throws<ArgumentException>(() => _segmentation.Protect(other, trained.Key));
        Assert.Throws<ArgumentException>(() => _segmentation.Protect(new TransformerChain<ITransformer>(other), trained.Key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_disposed_key_is_refused(bool storeFingerprint)
    {
        var key = PermutationKey.Generate();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _segmentation.Protect(trained.Transformer, key, storeFingerprint: storeFingerprint));
    }

    private PermutedSegmentationTransformer Protect(FeatureMaps maps = FeatureMaps.All)
        => _segmentation.Protect(trained.Transformer, trained.Key, maps);

    private double MeanIoU(ITransformer model) => _segmentation.Evaluate(model.Transform(ColorPatches.View(trained.MLContext, 19, seed: 4))).MeanIntersectionOverUnion;
}
