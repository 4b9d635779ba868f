using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>
/// The fully convolutional network of the paper's Fig. 3, plain: no permutation is ever computed, a key acts on the weights.
/// Maps images <c>[N, 3, H, W]</c> (normalised floats) to a score per class and pixel, <c>[N, classes, H, W]</c>.
/// </summary>
internal sealed class FcnNetwork : nn.Module<Tensor, Tensor>
{
    /// <summary>A network to train, in training mode, with torchvision's initial weights.</summary>
    /// <param name="architecture">The network's shape.</param>
    /// <param name="generator">Where every random number comes from: initial weights now, dropout masks later. Stays the caller's.</param>
    /// <param name="device">Where the weights shall be; the CPU by default.</param>
    public FcnNetwork(FcnArchitecture architecture, Generator generator, Device? device = null)
        : this(generator, architecture)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Adopt(State().ToDictionary(
            entry => entry.Key,
            entry => FcnInitialization.Draw(architecture, entry.Key, entry.Value.shape, generator)));
        if (device is not null)
            this.to(device);
    }

    private FcnNetwork(Generator? generator, FcnArchitecture architecture)
        : base(nameof(FcnNetwork))
    {
        using var scope = NewDisposeScope();
        Architecture = architecture;
        Backbone = new ResNetBackbone(architecture);
        Classifier = new FcnHead(architecture, generator);
        RegisterComponents();
    }

    /// <summary>The number of the scores in <see cref="Run"/>, behind the six feature maps.</summary>
    public const int Scores = 7;

    public FcnArchitecture Architecture { get; }

    [field: ComponentName(Name = "backbone")] public ResNetBackbone Backbone { get; }

    [field: ComponentName(Name = "classifier")] public FcnHead Classifier { get; }

    /// <summary>
    /// A network with the given state, in evaluation mode. Nothing is copied: the network owns the given tensors from
    /// now on. To share the storage of one tensor between networks, give each an <c>alias()</c> of it.
    /// </summary>
    /// <param name="architecture">The network's shape.</param>
    /// <param name="state">Exactly the entries of <see cref="DescribeState"/>, 32-bit floats, all on one device.</param>
    /// <param name="generator">Where dropout masks come from; only needed to train the network further.</param>
    /// <exception cref="ArgumentException">
    /// Entries are missing, unknown or of the wrong shape or type; the tensors are then still the caller's.
    /// </exception>
    public static FcnNetwork FromState(
        FcnArchitecture architecture, IReadOnlyDictionary<string, Tensor> state, Generator? generator = null)
    {
        var network = new FcnNetwork(generator, architecture);
        try
        {
            network.Check(state);
        }
        catch
        {
            network.Dispose();
            throw;
        }
        var device = state.First().Value.device;
        network.Adopt(state);
        network.to(device); // Moves nothing, but tells the modules where they are.
        network.eval();
        return network;
    }

    /// <summary>Name and shape of every parameter and buffer of a network, found without allocating them.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> DescribeState(FcnArchitecture architecture)
    {
        using var network = new FcnNetwork(generator: null, architecture);
        return [.. network.State().Select(entry => (entry.Key, entry.Value.shape))];
    }

    /// <summary>The network's own parameters and batch norm statistics (no copies), by torchvision's names.</summary>
    public IReadOnlyDictionary<string, Tensor> State() => state_dict();

    public override Tensor forward(Tensor images)
    {
        using var scores = Run(images, 0, Scores);
        return Upsample(scores, images.shape[2], images.shape[3]);
    }

    /// <summary>
    /// A later feature map from an earlier one, numbered as in the paper's Table I; 0 is the images, 7 the scores per class
    /// at the size of map 6.
    /// </summary>
    public Tensor Run(Tensor input, int from, int to)
    {
        Tensor map = input.alias();
        for (int number = from + 1; number <= to; number++)
        {
            using Tensor before = map;
            map = number switch
            {
                1 => Backbone.Stem(before),
                2 => Backbone.Layer1.call(before),
                3 => Backbone.Layer2.call(before),
                4 => Backbone.Layer3.call(before),
                5 => Backbone.Layer4.call(before),
                6 => Classifier.Features(before),
                _ => Classifier.Classify(before),
            };
        }
        return map;
    }

    /// <summary>Scores <c>[N, classes, h, w]</c> to <c>[N, classes, height, width]</c>, bilinearly between pixel centres.</summary>
    public static Tensor Upsample(Tensor scores, long height, long width) =>
        nn.functional.interpolate(scores, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false);

    private void Check(IReadOnlyDictionary<string, Tensor> state)
    {
        var expected = State();
        var problems = new List<string>();
        foreach (var (name, tensor) in expected)
        {
            if (!state.TryGetValue(name, out var given))
                problems.Add($"'{name}' is missing");
            else if (!given.shape.SequenceEqual(tensor.shape))
                problems.Add($"'{name}' has shape [{string.Join(", ", given.shape)}] instead of [{string.Join(", ", tensor.shape)}]");
            else if (given.dtype != ScalarType.Float32)
                problems.Add($"'{name}' has element type {given.dtype} instead of Float32");
        }
        problems.AddRange(state.Keys.Where(name => !expected.ContainsKey(name)).Select(name => $"'{name}' is unknown"));
        if (problems.Count > 0)
            throw new ArgumentException($"The state does not fit the network: {string.Join("; ", problems)}.", nameof(state));
    }

    private void Adopt(IReadOnlyDictionary<string, Tensor> state)
    {
        foreach (var (name, module) in named_modules())
        {
            switch (module)
            {
                case Conv2d convolution:
                    convolution.weight = new Parameter(state[$"{name}.weight"]);
                    if (convolution.bias is not null)
                        convolution.bias = new Parameter(state[$"{name}.bias"]);
                    break;
                case BatchNorm2d norm:
                    norm.weight = new Parameter(state[$"{name}.weight"]);
                    norm.bias = new Parameter(state[$"{name}.bias"]);
                    norm.running_mean = state[$"{name}.running_mean"];
                    norm.running_var = state[$"{name}.running_var"];
                    break;
            }
        }
    }
}
