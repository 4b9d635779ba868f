using Microsoft.ML.PermutedSegmentation.Networks;
using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using Convolution = Microsoft.ML.PermutedSegmentation.Networks.Convolution;
using Parameter = TorchSharp.Modules.Parameter;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>
/// A network in the form that learns, plain: no permutation is ever computed, a key acts on the weights. Maps images
/// <c>[N, 3, H, W]</c> (normalised floats) to a score per class and pixel, <c>[N, classes, H, W]</c>.
/// </summary>
internal sealed class TorchNetwork : LayoutRunner, IDisposable
{
    private readonly Dictionary<string, Tensor> _state;
    private readonly Generator? _generator;

    // The place of the last layer that does not learn.
    private int _frozen = -1;

    /// <summary>A network to train, in training mode, with torchvision's initial weights.</summary>
    /// <param name="layout">The network.</param>
    /// <param name="generator">Where every random number comes from: initial weights now, dropout masks later. Stays the caller's.</param>
    /// <param name="device">Where the weights are; the CPU by default.</param>
    public TorchNetwork(NetworkLayout layout, Generator generator, Device? device = null)
        : this(layout, layout.Parameters.ToDictionary(parameter => parameter.Name, parameter => InitialState.Draw(parameter, generator)), generator, isTraining: true)
    {
        if (device is not null)
            MoveTo(device);
    }

    private TorchNetwork(NetworkLayout layout, IReadOnlyDictionary<string, Tensor> state, Generator? generator, bool isTraining) : base(layout)
    {
        (_generator, IsTraining) = (generator, isTraining);
        // In the order of the table, which optimizers and files go by.
        _state = layout.Parameters.ToDictionary(
            parameter => parameter.Name,
            parameter => (parameter.IsLearned ? new Parameter(state[parameter.Name]) : state[parameter.Name]).DetachFromDisposeScope());
    }

    /// <summary>Whether batch norm takes the statistics of each batch, and dropout drops. Set by <see cref="Train"/>.</summary>
    public bool IsTraining { get; private set; }

    /// <summary>Where the weights are.</summary>
    public Device Device => _state.Values.First().device;

    /// <summary>Whether dropout does nothing, even in training: its masks fall on other channels when these are in another order.</summary>
    public bool WithoutDropout { get; set; }

    /// <summary>
    /// Whether training computes in bfloat16 (mixed precision; Micikevicius et al., 2018): convolutions, and the maps between them. Weights, their gradients, batch
    /// norm's statistics and the scores stay in 32 bits, and so does all of it in evaluation mode.
    /// </summary>
    public bool MixedPrecision { get; set; }

    private bool IsMixed => MixedPrecision && IsTraining;

    /// <summary>Set while several processes train together.</summary>
    public SharedLearning? Shared { get; set; }

    /// <summary>The network's own parameters and batch norm statistics (no copies), by torchvision's names.</summary>
    public IReadOnlyDictionary<string, Tensor> State => _state;

    /// <summary>What it learns, by name.</summary>
    public IEnumerable<(string Name, Parameter Value)> Parameters =>
        Layout.Parameters.Where(parameter => parameter.IsLearned).Select(parameter => (parameter.Name, (Parameter)_state[parameter.Name]));

    /// <summary>Those of <see cref="Parameters"/> that a training changes.</summary>
    public IEnumerable<(string Name, Parameter Value)> LearnedParameters => Parameters.Where(parameter => parameter.Value.requires_grad);

    /// <summary>The names of the batch norm statistics that a training changes.</summary>
    public IEnumerable<string> MovingStatistics =>
        Layout.Parameters.Where(parameter => !parameter.IsLearned && parameter.Layer.Index > _frozen).Select(parameter => parameter.Name);

    /// <summary>
    /// A network with the given state, in evaluation mode. Nothing is copied: the network owns the given tensors from
    /// now on. To share the storage of one tensor between networks, give each an <c>alias()</c> of it.
    /// </summary>
    /// <param name="layout">The network.</param>
    /// <param name="state">Exactly the tensors of <see cref="NetworkLayout.Parameters"/>, 32-bit floats, all on one device.</param>
    /// <param name="generator">Where dropout masks come from; only needed to train the network further.</param>
    /// <exception cref="ArgumentException">
    /// Entries are missing, unknown or of the wrong shape or type; the tensors are then still the caller's.
    /// </exception>
    public static TorchNetwork FromState(NetworkLayout layout, IReadOnlyDictionary<string, Tensor> state, Generator? generator = null)
    {
        Check(layout, state);
        return new TorchNetwork(layout, state, generator, isTraining: false);
    }

    /// <summary>Scores at the size of the images.</summary>
    public Tensor Forward(Tensor images)
    {
        using Tensor scores = Score(images);
        return Upsample(scores, images.shape[2], images.shape[3]);
    }

    /// <summary>Scores at the size of the last map.</summary>
    public Tensor Score(Tensor images)
    {
        using LiveMaps start = LiveMaps.Of(Layout, images);
        return Run(start, Layout.Layers.Count, IsTraining && Shared is { GradientsBehind: { } tell } shared ? Tap : null).Only;

        Tensor Tap(FeatureMaps map, Tensor x) => GradientTap.Apply(x, () => shared.Try(() => tell(map)));
    }

    /// <summary>Keeps the layers up to a feature map as they are: their parameters do not learn, and their batch norm uses its stored statistics.</summary>
    public void Freeze(FeatureMaps through)
    {
        _frozen = Layout.Find(through).Index;
        foreach ((string name, _, _, Convolution layer) in Layout.Parameters)
        {
            if (layer.Index < _frozen && _state[name] is Parameter parameter)
                parameter.requires_grad = false;
        }
    }

    /// <summary>Switches between training and evaluation.</summary>
    public void Train(bool on = true) => IsTraining = on;

    /// <summary>Moves all weights to a device, or gives them another element type; those that are there already stay.</summary>
    public void MoveTo(Device device) => Convert(value => value.device.ToString() == device.ToString() ? null : value.to(device));

    /// <inheritdoc cref="MoveTo(Device)"/>
    public void MoveTo(ScalarType type) => Convert(value => value.dtype == type ? null : value.to(type));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor value in _state.Values)
            value.Dispose();
    }

    protected override Tensor Compute(Layer layer, RunningMaps maps) => layer switch
    {
        Convolution convolution => Convolve(convolution, maps[convolution.Inputs[0]]),
        // Nothing needs a branch's own values any more, not even the gradients.
        Sum sum => maps.Take(sum.Branch).Add(maps[sum.Shortcut]).Activate(sum.Activation),
        Dropout dropout when IsTraining && !WithoutDropout => SeededDropout.Apply(maps[dropout.Inputs[0]], dropout.Probability, _generator, Shared?.Images),
        _ => base.Compute(layer, maps),
    };

    private Tensor Convolve(Convolution layer, Tensor x)
    {
        if (IsMixed && !layer.IsClassifier)
            return ConvolveMixed(layer, x);
        Tensor weights = _state[$"{layer.Name}.weight"];
        if (x.dtype != weights.dtype)
        {
            using Tensor read = x.to(weights.dtype);
            return Convolve(layer, read);
        }
        Tensor result = WinogradChoice.Suits(weights, layer.Step, layer.Dilation, x.shape[2], x.shape[3])
            ? WinogradFunction.Convolve(x, weights, layer.Dilation)
            : Convolve(layer, x, weights, layer.HasBias ? _state[$"{layer.Name}.bias"] : null);
        return Finish(layer, result);
    }

    // Autograd takes gradients back to the numbers of the weights.
    private Tensor ConvolveMixed(Convolution layer, Tensor x)
    {
        using Tensor read = x.to(ScalarType.BFloat16), weights = _state[$"{layer.Name}.weight"].to(ScalarType.BFloat16);
        using Tensor? bias = layer.HasBias ? _state[$"{layer.Name}.bias"].to(ScalarType.BFloat16) : null;
        return Finish(layer, Convolve(layer, read, weights, bias));
    }

    private static Tensor Convolve(Convolution layer, Tensor x, Tensor weights, Tensor? bias) => nn.functional.conv2d(
        x, weights, bias, [layer.Step, layer.Step], [layer.Padding, layer.Padding], [layer.Dilation, layer.Dilation], layer.IsDepthwise ? layer.Channels : 1);

    // Batch norm and the activation.
    private Tensor Finish(Convolution layer, Tensor result)
    {
        if (layer.Norm is { } norm)
        {
            // Autograd keeps what it still needs.
            using Tensor raw = result;
            result = Normalise(raw, norm, IsTraining && layer.Index > _frozen);
        }
        return result.Activate(layer.Activation);
    }

    private Tensor Normalise(Tensor x, BatchNorm norm, bool learns)
    {
        (Tensor mean, Tensor variance) = (_state[$"{norm.Name}.running_mean"], _state[$"{norm.Name}.running_var"]);
        (Tensor weight, Tensor bias) = (_state[$"{norm.Name}.weight"], _state[$"{norm.Name}.bias"]);
        if (!learns || Shared is not { SynchronizesNorm: true } shared)
            return nn.functional.batch_norm(x, mean, variance, weight, bias, learns, norm.Momentum, norm.Epsilon);
        using Tensor read = x.to(weight.dtype);
        using Tensor result = SynchronizedNorm.Apply(read, new SynchronizedNorm.NormTensors(mean, variance, weight, bias, norm.Momentum, norm.Epsilon), shared);
        return result.to(x.dtype);
    }

    private void Convert(Func<Tensor, Tensor?> convert)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in _state.ToArray())
        {
            if (convert(value) is not { } moved)
                continue;
            _state[name] = (value is Parameter ? new Parameter(moved) : moved).DetachFromDisposeScope();
            value.Dispose();
        }
    }

    private static void Check(NetworkLayout layout, IReadOnlyDictionary<string, Tensor> state)
    {
        var problems = new List<string>();
        foreach ((string name, IReadOnlyList<long> shape, _, _) in layout.Parameters)
        {
            if (!state.TryGetValue(name, out Tensor? given))
                problems.Add($"'{name}' is missing");
            else if (!given.shape.SequenceEqual(shape))
                problems.Add($"'{name}' has shape [{string.Join(", ", given.shape)}] instead of [{string.Join(", ", shape)}]");
            else if (given.dtype != ScalarType.Float32)
                problems.Add($"'{name}' has element type {given.dtype} instead of Float32");
        }
        problems.AddRange(state.Keys.Except(layout.Parameters.Select(parameter => parameter.Name)).Select(name => $"'{name}' is unknown"));
        if (problems.Count > 0)
            throw new ArgumentException($"The state does not fit the network: {string.Join("; ", problems)}.", nameof(state));
    }
}
