using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The form of a network that only scores: batch norm is folded into the convolutions, dropout is gone, and weights lie in
/// memory as the images do (channels last), the order in which libtorch's convolutions are fastest. Computes what the
/// <see cref="FcnNetwork"/> computes in evaluation mode, up to rounding. Several threads may run it at once.
/// </summary>
internal sealed class ScoringNetwork : IDisposable
{
    private readonly FcnArchitecture _architecture;
    private readonly Dictionary<string, (Tensor Weights, Tensor Bias)> _convolutions = [];

    /// <summary>Copies the weights between two feature maps, as <see cref="Run"/> numbers them, on their device.</summary>
    public ScoringNetwork(FcnNetwork network, int from = 0, int to = FcnNetwork.Scores)
    {
        using var noGrad = no_grad();
        _architecture = network.Architecture;
        IReadOnlyDictionary<string, Tensor> state = network.State();
        foreach (string name in BatchNormFolding.ConvolutionsOf(state).Where(name => MapOf(name) > from && MapOf(name) <= to))
        {
            (Tensor weights, Tensor bias) = BatchNormFolding.Fold(state, name);
            using (weights)
            using (Tensor byPixel = weights.permute(0, 2, 3, 1))
            using (Tensor inOrder = byPixel.contiguous())
                _convolutions[name] = (inOrder.permute(0, 3, 1, 2).DetachFromDisposeScope(), bias.DetachFromDisposeScope());
        }
    }

    /// <inheritdoc cref="FcnNetwork.Run"/>
    public Tensor Run(Tensor input, int from, int to)
    {
        using var inference = inference_mode();
        Tensor map = input.alias();
        for (int number = from + 1; number <= to; number++)
        {
            using Tensor before = map;
            map = number switch
            {
                1 => Stem(before),
                6 => Convolve("classifier.0", before).relu_(),
                7 => Convolve("classifier.4", before),
                _ => Stage(before, number - 1),
            };
        }
        return map;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((Tensor weights, Tensor bias) in _convolutions.Values)
        {
            weights.Dispose();
            bias.Dispose();
        }
    }

    private Tensor Stem(Tensor images)
    {
        using Tensor x = Convolve("backbone.conv1", images, stride: 2).relu_();
        return nn.functional.max_pool2d(x, kernel_size: 3, stride: 2, padding: 1);
    }

    private Tensor Stage(Tensor input, int stage)
    {
        Tensor x = input.alias();
        for (int i = 0; i < _architecture.BlocksOf(stage); i++)
        {
            using Tensor before = x;
            x = Block(before, stage, i);
        }
        return x;
    }

    private Tensor Block(Tensor x, int stage, int index)
    {
        string name = $"backbone.layer{stage}.{index}";
        int stride = index == 0 ? _architecture.StrideOf(stage) : 1;
        using Tensor shortcut = _architecture.HasProjection(stage, index) ? Convolve($"{name}.downsample.0", x, stride) : x.alias();
        if (_architecture.Block == ResidualBlock.Basic)
        {
            using Tensor first = Convolve($"{name}.conv1", x, stride).relu_();
            return Convolve($"{name}.conv2", first).add_(shortcut).relu_();
        }
        using Tensor reduced = Convolve($"{name}.conv1", x).relu_();
        using Tensor spread = Convolve($"{name}.conv2", reduced, stride, _architecture.DilationOf(stage, index)).relu_();
        return Convolve($"{name}.conv3", spread).add_(shortcut).relu_();
    }

    private Tensor Convolve(string name, Tensor x, long stride = 1, long dilation = 1)
    {
        (Tensor weights, Tensor bias) = _convolutions[name];
        long padding = dilation * (weights.shape[2] / 2);
        return nn.functional.conv2d(x, weights, bias, [stride, stride], [padding, padding], [dilation, dilation]);
    }

    // The map that a convolution helps to make.
    private static int MapOf(string convolution) => convolution switch
    {
        "backbone.conv1" => 1,
        "classifier.0" => 6,
        "classifier.4" => FcnNetwork.Scores,
        _ => convolution["backbone.layer".Length] - '0' + 1,
    };
}
