using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TorchNetworkStateTests
{
    private static readonly NetworkLayout Small = SmallNetworks.Layout("Bottleneck");

    [Fact]
    public void A_network_made_from_a_state_is_the_same_network()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var network = new TorchNetwork(Small, generator);
        network.Train(false);
        using var copy = TorchNetwork.FromState(Small, network.State.ToDictionary(e => e.Key, e => e.Value.detach().clone()));
        var images = SmallNetworks.RandomImages(2);

        Assert.False(copy.IsTraining);
        Assert.Equal(network.Forward(images).bytes.ToArray(), copy.Forward(images).bytes.ToArray());
    }

    [Fact]
    public void The_described_state_is_the_networks_state()
    {
        using var generator = new Generator(1);
        using var network = new TorchNetwork(Small, generator);

        Assert.Equal(Small.Parameters.Select(e => e.Name), network.State.Select(e => e.Key));
        Assert.Equal(Small.Parameters.Select(e => e.Shape), network.State.Select(e => e.Value.shape));
        Assert.All(network.State, e => Assert.False(e.Value.is_meta));
    }

    [Fact]
    public void Networks_can_share_the_storage_of_their_tensors()
    {
        using var scope = NewDisposeScope();
        var state = SmallNetworks.RandomState(Small, seed: 1);
        var images = SmallNetworks.RandomImages(2);
        using var first = TorchNetwork.FromState(Small, state.ToDictionary(e => e.Key, e => e.Value.alias()));
        var expected = first.Forward(images);
        using (var second = TorchNetwork.FromState(Small, state.ToDictionary(e => e.Key, e => e.Value.alias())))
        {
            using (no_grad())
                second.State["classifier.4.bias"].add_(1);
        }

        // The change is seen by the network that shares the bias, and survives the network that made it.
        Assert.True(SmallNetworks.Difference(expected + 1, first.Forward(images)) < 1e-6);
    }

    [Fact]
    public void Making_and_disposing_a_network_leaves_no_tensors_behind()
    {
        long empty = SmallNetworks.LiveTensors;
        var state = SmallNetworks.RandomState(Small, seed: 1);
        Assert.Equal(empty + state.Count, SmallNetworks.LiveTensors);

        using (TorchNetwork.FromState(Small, state))
            Assert.Equal(empty + state.Count, SmallNetworks.LiveTensors);
        Assert.Equal(empty, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void A_network_in_a_dispose_scope_outlives_it()
    {
        TorchNetwork network;
        using (NewDisposeScope())
            network = TorchNetwork.FromState(Small, SmallNetworks.RandomState(Small, seed: 1));
        using (network)
        using (var images = SmallNetworks.RandomImages(2))
        using (var scores = network.Forward(images))
            Assert.All(network.State, e => Assert.False(e.Value.IsInvalid));
    }

    [Fact]
    public void Rejects_a_state_that_does_not_fit_and_names_every_entry()
    {
        using var scope = NewDisposeScope();
        var state = SmallNetworks.RandomState(Small, seed: 1);
        state.Remove("backbone.bn1.running_mean");
        state["backbone.fc.weight"] = zeros(1);
        state["classifier.4.bias"] = zeros(4);
        state["classifier.1.bias"] = zeros(state["classifier.1.bias"].shape, dtype: ScalarType.Int64);

        var error = Assert.Throws<ArgumentException>(() => TorchNetwork.FromState(Small, state));

        Assert.Contains("'backbone.bn1.running_mean' is missing", error.Message);
        Assert.Contains("'backbone.fc.weight' is unknown", error.Message);
        Assert.Contains("'classifier.4.bias' has shape [4] instead of [3]", error.Message);
        Assert.Contains("'classifier.1.bias' has element type Int64", error.Message);
        Assert.All(state.Values, tensor => Assert.False(tensor.IsInvalid));
    }
}
