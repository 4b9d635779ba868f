using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class WeightProtectionTests
{
    [Theory]
    [MemberData(nameof(SmallNetworks.Kinds), MemberType = typeof(SmallNetworks))]
    public void Unprotecting_a_protected_state_gives_back_every_bit(string block)
    {
        using var scope = NewDisposeScope();
        var layout = SmallNetworks.Layout(block);
        var protection = new WeightProtection(layout, RandomPermutations.For(layout, FeatureMaps.All, seed: 1));

        foreach (var (name, plain) in SmallNetworks.RandomState(layout, seed: 2))
        {
            var locked = protection.Protect(name, plain);
            Assert.Equal(plain.bytes.ToArray(), protection.Unprotect(name, locked).bytes.ToArray());
        }
    }

    [Fact]
    public void What_no_key_touches_is_shared_and_the_rest_is_new()
    {
        using var scope = NewDisposeScope();
        var layout = SmallNetworks.Layout("Bottleneck");
        var protection = new WeightProtection(layout, RandomPermutations.For(layout, FeatureMaps.Head, seed: 1));
        var state = SmallNetworks.RandomState(layout, seed: 2);
        var locked = state.ToDictionary(e => e.Key, e => protection.Protect(e.Key, e.Value));

        foreach (var tensor in state.Values)
            tensor.zero_();
        var stillThere = locked.Where(e => e.Value.count_nonzero().item<long>() > 0).Select(e => e.Key);
        Assert.Equal(["classifier.4.weight"], stillThere);
    }

    [Fact]
    public void Protecting_leaves_the_given_weights_and_no_tensors_behind()
    {
        var layout = SmallNetworks.Layout("Basic");
        var protection = new WeightProtection(layout, RandomPermutations.For(layout, FeatureMaps.All, seed: 1));
        using var weights = rand(8, 8, 3, 3, requires_grad: true);
        byte[] bits = weights.bytes.ToArray();
        long before = SmallNetworks.LiveTensors;

        using (var locked = protection.Protect("backbone.layer1.0.conv1.weight", weights))
        using (protection.Unprotect("backbone.layer1.0.conv1.weight", locked))
        using (protection.Protect("backbone.conv1.weight", weights))
        {
            Assert.Equal(before + 3, SmallNetworks.LiveTensors);
            Assert.False(locked.requires_grad); // Weights, not a computation on weights.
        }

        Assert.Equal(before, SmallNetworks.LiveTensors);
        Assert.Equal(bits, weights.bytes.ToArray());
    }
}
