using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

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
        Layer1 = BuildStage(architecture, 1, inputs: architecture.ChannelsOf(FeatureMaps.Stem));
        Layer2 = BuildStage(architecture, 2, inputs: architecture.ChannelsOf(FeatureMaps.Stage1));
        Layer3 = BuildStage(architecture, 3, inputs: architecture.ChannelsOf(FeatureMaps.Stage2));
        Layer4 = BuildStage(architecture, 4, inputs: architecture.ChannelsOf(FeatureMaps.Stage3));
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

    private static Sequential BuildStage(FcnArchitecture architecture, int stage, int inputs)
    {
        // Stage k would end at stride 2^(k+1). Where the output stride is smaller, the stride is left out and a bottleneck's
        // 3x3 convolutions are dilated instead; a stage's first block still has the dilation of the stage before (torchvision).
        int fullStride = 2 << stage;
        int stride = stage > 1 && fullStride <= architecture.OutputStride ? 2 : 1;
        int dilation = Math.Max(1, fullStride / architecture.OutputStride);
        int firstDilation = Math.Max(1, fullStride / 2 / architecture.OutputStride);
        int width = architecture.WidthOf(stage);

        var blocks = new List<nn.Module<Tensor, Tensor>>();
        for (int i = 0; i < architecture.BlocksOf(stage); i++)
        {
            bool first = i == 0;
            if (architecture.Block == ResidualBlock.Bottleneck)
                blocks.Add(new Bottleneck(first ? inputs : width * Bottleneck.Expansion, width, first ? stride : 1, first ? firstDilation : dilation));
            else
                blocks.Add(new BasicBlock(first ? inputs : width, width, first ? stride : 1));
        }
        return nn.Sequential(blocks);
    }
}
