using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// The form of a network that only scores: batch norm is folded into the convolutions, dropout is gone, and weights lie in
/// memory as the images do (channels last), the order in which libtorch's convolutions are fastest. Computes what the
/// <see cref="FcnNetwork"/> computes in evaluation mode, up to rounding. Several threads may run it at once.
/// </summary>
internal sealed class ScoringNetwork : IDisposable
{
    // On the CPU, larger maps of a batch are fresh memory from the operating system, which comes page by page: eight images of
    // 256x256 take a tenth longer at once than two at a time.
    private const int PixelsAtOnce = 2 * 256 * 256;

    private readonly FcnArchitecture _architecture;
    private readonly int _imagesAtOnce;
    private readonly Dictionary<string, ScoringConvolution> _convolutions = [];

    /// <summary>Copies the weights between two feature maps, as <see cref="Run"/> numbers them, on their device.</summary>
    /// <param name="network">Whose weights.</param>
    /// <param name="imageHeight">Height of the images that it will run on. It computes the same for others, but may take longer.</param>
    /// <param name="imageWidth">Width of these images.</param>
    /// <param name="from">The map that is its input.</param>
    /// <param name="to">The map that is its output.</param>
    public ScoringNetwork(FcnNetwork network, int imageHeight, int imageWidth, int from = 0, int to = FcnNetwork.Scores)
    {
        using var noGrad = no_grad();
        _architecture = network.Architecture;
        _imagesAtOnce = (int)Math.Max(1, PixelsAtOnce / ((long)imageHeight * imageWidth));
        IReadOnlyDictionary<string, Tensor> state = network.State();
        foreach (string name in BatchNormFolding.ConvolutionsOf(state).Where(name => MapOf(name) > from && MapOf(name) <= to))
        {
            (Tensor weights, Tensor bias) = BatchNormFolding.Fold(state, name);
            using (weights)
            using (bias)
            {
                (int stride, int dilation) = GeometryOf(name);
                int scale = Math.Min(1 << MapOf(name), _architecture.OutputStride);
                _convolutions[name] = ScoringConvolution.Create(weights, bias, stride, dilation, (imageHeight + scale - 1) / scale, (imageWidth + scale - 1) / scale);
            }
        }
    }

    /// <inheritdoc cref="FcnNetwork.Run"/>
    public Tensor Run(Tensor input, int from, int to)
    {
        using var inference = inference_mode();
        if (input.device_type != DeviceType.CPU || input.shape[0] <= _imagesAtOnce)
            return RunAtOnce(input, from, to);
        using var scope = NewDisposeScope();
        return cat([.. input.split(_imagesAtOnce).Select(images => RunAtOnce(images, from, to))]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ScoringConvolution convolution in _convolutions.Values)
            convolution.Dispose();
    }

    private Tensor RunAtOnce(Tensor input, int from, int to)
    {
        Tensor map = ScoringConvolution.ChannelsLast(input);
        for (int number = from + 1; number <= to; number++)
        {
            using Tensor before = map;
            map = number switch
            {
                1 => Stem(before),
                6 => _convolutions["classifier.0"].Run(before, relu: true),
                7 => _convolutions["classifier.4"].Run(before),
                _ => Stage(before, number - 1),
            };
        }
        return map;
    }

    private Tensor Stem(Tensor images)
    {
        using Tensor x = _convolutions["backbone.conv1"].Run(images, relu: true);
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
        ScoringConvolution Convolution(string layer) => _convolutions[$"backbone.layer{stage}.{index}.{layer}"];

        // What the convolutions are added to in place: the input itself only where it is the block before's, which nobody else reads.
        Tensor sum = _architecture.HasProjection(stage, index) ? Convolution("downsample.0").Run(x) : index == 0 ? x.clone() : x.alias();
        using Tensor first = Convolution("conv1").Run(x, relu: true);
        if (_architecture.Block == ResidualBlock.Basic)
        {
            Convolution("conv2").AddTo(sum, first);
            return sum;
        }
        using Tensor second = Convolution("conv2").Run(first, relu: true);
        Convolution("conv3").AddTo(sum, second);
        return sum;
    }

    private (int Stride, int Dilation) GeometryOf(string convolution)
    {
        // As backbone.layer2.0.conv1.
        if (convolution.Split('.') is not [_, ['l', 'a', 'y', 'e', 'r', var digit], var block, var layer, ..])
            return (convolution == "backbone.conv1" ? 2 : 1, 1);
        int stage = digit - '0', index = int.Parse(block, CultureInfo.InvariantCulture);
        bool isStrided = index == 0 && (layer == "downsample" || layer == (_architecture.Block == ResidualBlock.Basic ? "conv1" : "conv2"));
        return (isStrided ? _architecture.StrideOf(stage) : 1, layer == "conv2" ? _architecture.DilationOf(stage, index) : 1);
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
