using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>
/// A residual network without its classifier: images <c>[N, 3, H, W]</c> to features <c>[N, C, H / stride, W / stride]</c>.
/// Names and numbers are torchvision's.
/// </summary>
internal sealed class ResNetBackbone : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv1")] private readonly Conv2d _conv1;
    [ComponentName(Name = "bn1")] private readonly BatchNorm2d _bn1;

    public ResNetBackbone(FcnArchitecture architecture) : base("ResNet")
    {
        _conv1 = Layers.Convolution(3, architecture.BaseWidth, kernel: 7, stride: 2);
        _bn1 = Layers.BatchNorm(architecture.BaseWidth);
        Layer1 = BuildStage(architecture, 1, FeatureMaps.Stem, FeatureMaps.Stage1);
        Layer2 = BuildStage(architecture, 2, FeatureMaps.Stage1, FeatureMaps.Stage2);
        Layer3 = BuildStage(architecture, 3, FeatureMaps.Stage2, FeatureMaps.Stage3);
        Layer4 = BuildStage(architecture, 4, FeatureMaps.Stage3, FeatureMaps.Stage4);
        RegisterComponents();
    }

    [field: ComponentName(Name = "layer1")] public Sequential Layer1 { get; }

    [field: ComponentName(Name = "layer2")] public Sequential Layer2 { get; }

    [field: ComponentName(Name = "layer3")] public Sequential Layer3 { get; }

    [field: ComponentName(Name = "layer4")] public Sequential Layer4 { get; }

    /// <summary>Images to feature map 1, at a quarter of the size.</summary>
    public Tensor Stem(Tensor images)
    {
        using var x = _conv1.call(images).Then(_bn1).relu_();
        return nn.functional.max_pool2d(x, kernel_size: 3, stride: 2, padding: 1);
    }

    public override Tensor forward(Tensor images) =>
        Stem(images).Then(Layer1).Then(Layer2).Then(Layer3).Then(Layer4);

    private static Sequential BuildStage(FcnArchitecture architecture, int stage, FeatureMaps read, FeatureMaps written)
    {
        int inputs = architecture.ChannelsOf(read);
        int outputs = architecture.ChannelsOf(written);
        return nn.Sequential(Enumerable.Range(0, architecture.BlocksOf(stage)).Select(i => i == 0
            ? Block(inputs, architecture.StrideOf(stage), architecture.DilationOf(stage, i))
            : Block(outputs, stride: 1, architecture.DilationOf(stage, i))));

        nn.Module<Tensor, Tensor> Block(int inputs, int stride, int dilation) => architecture.Block == ResidualBlock.Bottleneck
            ? new Bottleneck(inputs, architecture.WidthOf(stage), stride, dilation)
            : new BasicBlock(inputs, architecture.WidthOf(stage), stride);
    }
}
