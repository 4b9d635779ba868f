using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>Two 3x3 convolutions beside a shortcut: the block of ResNet-18 and 34.</summary>
internal sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv1")] private readonly Conv2d _conv1;
    [ComponentName(Name = "bn1")] private readonly BatchNorm2d _bn1;
    [ComponentName(Name = "conv2")] private readonly Conv2d _conv2;
    [ComponentName(Name = "bn2")] private readonly BatchNorm2d _bn2;
    [ComponentName(Name = "downsample")] private readonly Sequential? _projection;

    public BasicBlock(int inputs, int width, int stride) : base(nameof(BasicBlock))
    {
        _conv1 = Layers.Convolution(inputs, width, kernel: 3, stride);
        _bn1 = Layers.BatchNorm(width);
        _conv2 = Layers.Convolution(width, width, kernel: 3);
        _bn2 = Layers.BatchNorm(width);
        if (stride != 1 || inputs != width)
            _projection = nn.Sequential(Layers.Convolution(inputs, width, kernel: 1, stride), Layers.BatchNorm(width));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var shortcut = _projection is null ? x.alias() : _projection.call(x);
        return _conv1.Convolve(x).Then(_bn1).relu_()
            .Then(_conv2).Then(_bn2)
            .add_(shortcut).relu_();
    }
}
