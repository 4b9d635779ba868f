using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>The FCN head: backbone features to a score per class, at the features' size. Names are torchvision's.</summary>
internal sealed class FcnHead : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "0")] private readonly Conv2d _reduce;
    [ComponentName(Name = "1")] private readonly BatchNorm2d _norm;
    [ComponentName(Name = "3")] private readonly SeededDropout _dropout;
    [ComponentName(Name = "4")] private readonly Conv2d _classifier;

    public FcnHead(FcnArchitecture architecture, Generator? generator) : base(nameof(FcnHead))
    {
        int channels = architecture.ChannelsOf(FeatureMaps.Head);
        _reduce = Layers.Convolution(architecture.ChannelsOf(FeatureMaps.Stage4), channels, kernel: 3);
        _norm = Layers.BatchNorm(channels);
        _dropout = new SeededDropout(0.1, generator);
        _classifier = Layers.Convolution(channels, architecture.ClassCount, kernel: 1, bias: true);
        RegisterComponents();
    }

    /// <summary>Feature map 5 to feature map 6.</summary>
    public Tensor Features(Tensor x) => _reduce.Convolve(x).Then(_norm).relu_();

    /// <summary>Feature map 6 to a score per class.</summary>
    public Tensor Classify(Tensor features) => _dropout.call(features).Then(_classifier);

    public override Tensor forward(Tensor x)
    {
        using var features = Features(x);
        return Classify(features);
    }
}
