using System.Runtime.InteropServices;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What wrappers put before the names of weights, and values that are no weights.</summary>
public sealed class WeightValuesTests(UnprotectedModel trained) : IClassFixture<UnprotectedModel>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("module.")]
    [InlineData("_orig_mod.")]
    [InlineData("model.")]
    [InlineData("ema.")]
    [InlineData("module._orig_mod.")]
    public void A_prefix_before_all_names_does_not_matter(string prefix)
    {
        string wrapped = Write(Tensors().Select(tensor => (Named(tensor.Entry, prefix + tensor.Entry.Name), tensor.Values)));
        using SegmentationWeights weights = SegmentationWeights.Load(wrapped);
        Assert.Equal((Backbone.ResNet18, 3), (weights.Backbone, weights.ClassCount));
        var expected = trained.Transformer.Network().State;
        Assert.Equal(expected.Keys.Order(), weights.State().Keys.Order());
        Assert.All(expected, entry => Assert.True(entry.Value.bytes.SequenceEqual(weights.State()[entry.Key].bytes), entry.Key));
    }

    // As torch.optim.swa_utils.AveragedModel has them, of a network in DataParallel.
    [Fact]
    public void A_backbone_alone_may_be_wrapped_and_averaged()
    {
        var backbone = Tensors().Where(tensor => tensor.Entry.Name.StartsWith("backbone."))
            .Select(tensor => (Named(tensor.Entry, tensor.Entry.Name.Replace("backbone.", "module.module.")), tensor.Values));
        using SegmentationWeights weights = SegmentationWeights.Load(Write([(new StateEntry("n_averaged", "I64", []), new byte[8]), .. backbone]));
        Assert.Equal((Backbone.ResNet18, null), (weights.Backbone, weights.ClassCount));
        Assert.True(trained.Transformer.Network().State["backbone.conv1.weight"].bytes.SequenceEqual(weights.State()["backbone.conv1.weight"].bytes));
    }

    // As they are in a class of someone's, around torchvision's network or around what it has taken of it.
    [Theory]
    [InlineData("resnet18", Backbone.ResNet18, "backbone.", "backbone.")]
    [InlineData("resnet18", Backbone.ResNet18, "backbone.", "module.backbone.model.")]
    [InlineData("lraspp_mobilenet_v3_large", Backbone.MobileNetV3Large, "backbone.", "backbone.")]
    [InlineData("mobilenet_v3_large", Backbone.MobileNetV3Large, "features.", "module.backbone.features.")]
    public void A_backbone_alone_may_be_named_so(string network, Backbone backbone, string prefix, string named)
    {
        var all = TorchvisionFixture.State(network).Where(entry => entry.Name.StartsWith(prefix)).Select(entry => (Entry: entry, Values: entry.Values())).ToList();
        using SegmentationWeights weights = SegmentationWeights.Load(Write(all.Select(tensor => (Named(tensor.Entry, named + tensor.Entry.Name[prefix.Length..]), tensor.Values))));
        Assert.Equal((null, backbone, null), (weights.Network, weights.Backbone, weights.ClassCount));
        var expected = all.Where(tensor => tensor.Entry.Type == "F32").ToDictionary(tensor => "backbone." + tensor.Entry.Name[prefix.Length..], tensor => tensor.Values);
        Assert.Equal(expected.Keys.Order(), weights.State().Keys.Order());
        Assert.All(expected, entry => Assert.True(weights.State()[entry.Key].bytes.SequenceEqual(entry.Value), entry.Key));
    }

    // Both would be the same weight.
    [Fact]
    public void Names_with_and_without_the_prefix_of_a_backbone_are_refused()
    {
        var features = TorchvisionFixture.State("mobilenet_v3_large").Where(entry => entry.Name.StartsWith("features."));
        string path = StateDict.Write(_folder.At("twice.safetensors"), features.Append(new StateEntry("0.0.weight", "F32", [16, 3, 3, 3])));
        Assert.Contains("1 unknown: '0.0.weight'.", Assert.Throws<InvalidDataException>(() => SegmentationWeights.Load(path)).Message);
    }

    [Fact]
    public void A_prefix_that_is_not_known_is_told()
    {
        string wrapped = Write(Tensors().Select(tensor => (Named(tensor.Entry, "net." + tensor.Entry.Name), tensor.Values)));
        Assert.Contains("All names begin with 'net.'", Assert.Throws<InvalidDataException>(() => SegmentationWeights.Load(wrapped)).Message);
    }

    [Theory]
    [InlineData("backbone.layer1.0.conv1.weight", float.NaN, "NaN")]
    [InlineData("classifier.4.bias", float.PositiveInfinity, "infinite")]
    [InlineData("backbone.bn1.running_mean", float.NegativeInfinity, "infinite")]
    [InlineData("backbone.bn1.running_var", -1e-6f, "negative")]
    public void Values_that_are_no_weights_are_refused_by_the_tensors_name(string name, float value, string message)
    {
        long live = SmallNetworks.LiveTensors;
        string path = Write(Tensors().Select(tensor => (Named(tensor.Entry, "module." + tensor.Entry.Name), tensor.Entry.Name == name ? WithLast(tensor.Values, value) : tensor.Values)));
        string told = Assert.Throws<InvalidDataException>(() => SegmentationWeights.Load(path)).Message;
        Assert.Contains($"'{path}'", told);
        Assert.Contains($"'module.{name}'", told);
        Assert.Contains(message, told);
        Assert.Equal(live, SmallNetworks.LiveTensors);
    }

    [Theory]
    [InlineData(1e39, false)]
    [InlineData(-3.0e38, true)]
    public void A_double_must_be_in_the_range_of_floats(double value, bool isRead)
    {
        string path = Write(Tensors().Select(tensor => tensor.Entry.Name == "classifier.4.bias"
            ? (tensor.Entry with { Type = "F64" }, MemoryMarshal.AsBytes<double>([1, 2, value]).ToArray())
            : tensor));
        if (isRead)
            SegmentationWeights.Load(path).Dispose();
        else
            Assert.Contains("'classifier.4.bias'", Assert.Throws<InvalidDataException>(() => SegmentationWeights.Load(path)).Message);
    }

    private List<(StateEntry Entry, byte[] Values)> Tensors()
    {
        using SegmentationWeights weights = SegmentationWeights.Of(trained.Transformer);
        weights.Save(_folder.At("plain.safetensors"));
        return StateDict.Read(_folder.At("plain.safetensors")).Tensors;
    }

    private string Write(IEnumerable<(StateEntry Entry, byte[] Values)> tensors) => StateDict.Write(_folder.At("weights.safetensors"), [.. tensors]);

    private static StateEntry Named(StateEntry entry, string name) => entry with { Name = name };

    private static byte[] WithLast(byte[] values, float value)
    {
        byte[] changed = [.. values];
        BitConverter.TryWriteBytes(changed.AsSpan(changed.Length - sizeof(float)), value);
        return changed;
    }
}
