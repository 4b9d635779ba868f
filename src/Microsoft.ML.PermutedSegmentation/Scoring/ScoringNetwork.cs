using System.Runtime.InteropServices;
using Microsoft.ML.PermutedSegmentation.Networks;
using Microsoft.ML.PermutedSegmentation.Torch;
using TorchSharp;
using static TorchSharp.torch;
using Convolution = Microsoft.ML.PermutedSegmentation.Networks.Convolution;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// The form of a network that only scores: batch norm is folded into the convolutions, dropout is gone, and weights lie in
/// memory as the images do (channels last), the order in which libtorch's convolutions are fastest. Computes what the
/// <see cref="TorchNetwork"/> computes in evaluation mode, up to rounding. Several threads may run it at once.
/// </summary>
internal sealed class ScoringNetwork : LayoutRunner, IDisposable
{
    // On the CPU, larger maps of a batch are fresh memory from the operating system, which comes page by page: eight images of
    // 256x256 take a tenth longer at once than two at a time.
    private const int PixelsAtOnce = 2 * 256 * 256;

    private readonly int _imagesAtOnce;
    private readonly ScalarType _numbers;
    private readonly Dictionary<Layer, ScoringConvolution> _convolutions = [];
    private readonly HashSet<Layer> _branches;

    /// <summary>Copies the weights of some layers, on their device.</summary>
    /// <param name="network">Whose weights.</param>
    /// <param name="imageHeight">Height of the images that it will run on. It computes the same for others, but may take longer.</param>
    /// <param name="imageWidth">Width of these images.</param>
    /// <param name="start">The first layer that will run.</param>
    /// <param name="end">The layer behind the last that will run; null for all.</param>
    /// <param name="precision">The numbers of weights and maps.</param>
    public ScoringNetwork(
        TorchNetwork network, int imageHeight, int imageWidth, int start = 0, int? end = null, ScoringPrecision precision = ScoringPrecision.Single)
        : base(network.Layout)
    {
        using var noGrad = no_grad();
        _numbers = precision == ScoringPrecision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        _imagesAtOnce = (int)Math.Max(1, PixelsAtOnce / ((long)imageHeight * imageWidth));
        _branches = [.. Layout.Layers.OfType<Sum>().Select(sum => sum.Branch)];
        foreach (Convolution layer in Layout.Convolutions.Where(layer => layer.Index >= start && layer.Index < (end ?? Layout.Layers.Count)))
        {
            using var scope = NewDisposeScope();
            using var state = new StateOnCpu(network.State);
            Tensor weights = empty(layer.WeightShape, ScalarType.Float32), bias = empty(layer.Channels, ScalarType.Float32);
            BatchNormFolding.Fold(layer, state.Read, MemoryMarshal.Cast<byte, float>(weights.bytes), MemoryMarshal.Cast<byte, float>(bias.bytes));
            ScalarType numbers = NumbersOf(layer);
            (Tensor ownWeights, Tensor ownBias) = (weights.to(numbers, network.Device), bias.to(numbers, network.Device));
            _convolutions[layer] = ScoringConvolution.Create(layer, ownWeights, ownBias, SizeOf(layer, imageHeight), SizeOf(layer, imageWidth));
        }
    }

    /// <summary>Scores of images, at the size of the last map.</summary>
    public Tensor Score(Tensor images)
    {
        using LiveMaps start = LiveMaps.Of(Layout, images);
        return Score(start);
    }

    /// <summary>Scores from the maps of an earlier run.</summary>
    public Tensor Score(LiveMaps start) => RunInParts(start, Layout.Layers.Count).Only;

    /// <inheritdoc cref="LayoutRunner.Run"/>
    public LiveMaps RunInParts(LiveMaps start, int end)
    {
        using var inference = inference_mode();
        if (start.Maps[0].device_type != DeviceType.CPU || start.Count <= _imagesAtOnce)
            return Run(start, end);
        using var scope = NewDisposeScope();
        Tensor[][] parts = [.. start.Maps.Select(map => map.split(_imagesAtOnce))];
        LiveMaps[] done = [.. Enumerable.Range(0, parts[0].Length).Select(i => Run(start.With([.. parts.Select(part => part[i])]), end))];
        return done[0].With([.. Enumerable.Range(0, done[0].Maps.Count).Select(i => cat([.. done.Select(part => part.Maps[i])]).MoveToOuterDisposeScope())]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ScoringConvolution convolution in _convolutions.Values)
            convolution.Dispose();
    }

    protected override Tensor Compute(Layer layer, RunningMaps maps) => layer switch
    {
        // It is computed with the sum, which it is added to in place; until then its input stands for it.
        Convolution branch when _branches.Contains(branch) => maps[branch.Inputs[0]].alias(),
        Convolution convolution => Convolve(convolution, maps[convolution.Inputs[0]]),
        Sum sum => Add(sum, maps),
        _ => base.Compute(layer, maps),
    };

    private Tensor Convolve(Convolution layer, Tensor x)
    {
        using Tensor read = x.to(NumbersOf(layer));
        using Tensor? inOrder = layer.Inputs[0] is ImageInput ? ScoringConvolution.ChannelsLast(read) : null;
        bool relu = layer.Activation == Activation.Relu;
        Tensor result = _convolutions[layer].Run(inOrder ?? read, relu);
        return relu ? result : result.Activate(layer.Activation);
    }

    private Tensor Add(Sum sum, RunningMaps maps)
    {
        Tensor total = Layout.LastReaderOf(sum.Shortcut) == sum.Index ? maps.Take(sum.Shortcut) : maps[sum.Shortcut].clone();
        using Tensor read = maps[sum.Branch].to(NumbersOf(sum.Branch));
        _convolutions[sum.Branch].AddTo(total, read, relu: sum.Activation == Activation.Relu);
        return total;
    }

    // What is lost of the image is lost for all maps, and scores that are close to each other decide about labels: with 32 bits at both ends, a third fewer
    // labels of CamVid changed (docs/precision.md).
    private ScalarType NumbersOf(Convolution layer) => layer.IsClassifier || layer.Inputs[0] is ImageInput ? ScalarType.Float32 : _numbers;

    private static int SizeOf(Layer layer, int imageSize) => layer.Stride == 0 ? 1 : (imageSize + layer.Stride - 1) / layer.Stride;

    /// <summary>The values of a network's state, one tensor at a time from another device.</summary>
    private sealed class StateOnCpu(IReadOnlyDictionary<string, Tensor> state) : IDisposable
    {
        private readonly List<Tensor> _copies = [];

        public ReadOnlySpan<float> Read(string name)
        {
            Tensor value = state[name].cpu().contiguous().DetachFromDisposeScope();
            _copies.Add(value);
            return MemoryMarshal.Cast<byte, float>(value.bytes);
        }

        public void Dispose()
        {
            foreach (Tensor copy in _copies)
                copy.Dispose();
        }
    }
}
