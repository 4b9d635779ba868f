using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>1x1, 3x3 and 1x1 convolutions beside a shortcut: the block of ResNet-50 and 101.</summary>
internal sealed class Bottleneck : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv1")] private readonly Conv2d _conv1;
    [ComponentName(Name = "bn1")] private readonly BatchNorm2d _bn1;
    [ComponentName(Name = "conv2")] private readonly Conv2d _conv2;
    [ComponentName(Name = "bn2")] private readonly BatchNorm2d _bn2;
    [ComponentName(Name = "conv3")] private readonly Conv2d _conv3;
    [ComponentName(Name = "bn3")] private readonly BatchNorm2d _bn3;
    [ComponentName(Name = "downsample")] private readonly Sequential? _projection;

    public Bottleneck(int inputs, int width, int stride, int dilation) : base(nameof(Bottleneck))
    {
        int outputs = width * FcnArchitecture.BottleneckExpansion;
        _conv1 = Layers.Convolution(inputs, width, kernel: 1);
        _bn1 = Layers.BatchNorm(width);
        _conv2 = Layers.Convolution(width, width, kernel: 3, stride, dilation);
        _bn2 = Layers.BatchNorm(width);
        _conv3 = Layers.Convolution(width, outputs, kernel: 1);
        _bn3 = Layers.BatchNorm(outputs);
        if (stride != 1 || inputs != outputs)
            _projection = nn.Sequential(Layers.Convolution(inputs, outputs, kernel: 1, stride), Layers.BatchNorm(outputs));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var shortcut = _projection is null ? x.alias() : _projection.call(x);
        return _conv1.call(x).Then(_bn1).relu_()
            .Then(_conv2).Then(_bn2).relu_()
            .Then(_conv3).Then(_bn3)
            .add_(shortcut).relu_();
    }
}
