namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>
/// A network as a table of layers, in the order in which they run. All that must know the network's shape reads it here: the network that
/// trains, the one that scores, the ONNX graph, and what a key does to the weights.
/// </summary>
public sealed class NetworkLayout
{
    private readonly int[] _lastReaders;

    internal NetworkLayout(IReadOnlyList<Layer> layers)
    {
        Layers = layers;
        Parameters = [.. Convolutions.SelectMany(NetworkParameter.Of)];
        _lastReaders = [.. layers.Select(layer => layers.Count)];
        foreach (Layer layer in layers)
        {
            foreach (Layer input in layer.Inputs)
                _lastReaders[input.Index] = layer.Index;
        }
    }

    /// <summary>All layers; the first is the image, the last makes the scores of the classes.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>The layers that have weights.</summary>
    public IEnumerable<Convolution> Convolutions => Layers.OfType<Convolution>();

    /// <summary>All tensors of the network's state, in PyTorch's order.</summary>
    public IReadOnlyList<NetworkParameter> Parameters { get; }

    /// <summary>The layer that makes the scores of the classes.</summary>
    public Layer Output => Layers[^1];

    /// <summary>The number of classes.</summary>
    public int ClassCount => Output.Channels;

    /// <summary>The maps that a key can permute, in the order of the network.</summary>
    public IEnumerable<KeyedMap> KeyedMaps => Layers.OfType<KeyedMap>();

    /// <summary>The network with the given backbone.</summary>
    /// <param name="network">The kind of network.</param>
    /// <param name="backbone">A backbone that it can have: a residual one, or MobileNetV3 for <see cref="SegmentationNetwork.LrAspp"/>.</param>
    /// <param name="outputStride">Image pixels per pixel of the backbone's last map: 8, 16 or 32; for MobileNetV3 16 or 32.</param>
    /// <param name="classCount">Classes to tell apart, 2 to 255.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such network.</exception>
    public static NetworkLayout For(SegmentationNetwork network, Backbone backbone, int outputStride, int classCount)
    {
        if (FindProblem(network, backbone, outputStride) is { } problem)
            throw new ArgumentOutOfRangeException(problem.Argument, problem.Message);
        return network switch
        {
            SegmentationNetwork.LrAspp => LrAsppLayout.Create(new MobileNetV3(outputStride), classCount),
            SegmentationNetwork.DeepLabV3 => DeepLabV3Layout.Create(ResNet.Of(backbone, outputStride), classCount),
            _ => FcnLayout.Create(ResNet.Of(backbone, outputStride), classCount),
        };
    }

    /// <summary>Says why there is no such network; null if there is one.</summary>
    /// <returns>Which of the arguments is wrong, by the name that options have for it, and why.</returns>
    public static (string Argument, string Message)? FindProblem(SegmentationNetwork network, Backbone backbone, int outputStride)
    {
        if (!Enum.IsDefined(network))
            return ("Network", $"'{network}' is not a network; the networks are {string.Join(", ", Enum.GetNames<SegmentationNetwork>())}.");
        if (!Enum.IsDefined(backbone))
            return ("Backbone", $"'{backbone}' is not a backbone; the backbones are {string.Join(", ", Enum.GetNames<Backbone>())}.");
        bool isMobile = backbone == Backbone.MobileNetV3Large;
        if (isMobile != (network == SegmentationNetwork.LrAspp))
            return ("Backbone", $"{network} cannot use the backbone {backbone}; {(isMobile ? $"only {SegmentationNetwork.LrAspp} can" : $"it needs {DefaultBackboneOf(network)}")}.");
        return outputStride is 16 or 32 || (outputStride == 8 && !isMobile)
            ? null
            : ("OutputStride", $"The output stride is {outputStride}; with {backbone} it must be {(isMobile ? "16 or 32" : "8, 16 or 32")}.");
    }

    /// <summary>The backbone that a network has unless another one is chosen: one that a CPU can train.</summary>
    public static Backbone DefaultBackboneOf(SegmentationNetwork network) =>
        network == SegmentationNetwork.LrAspp ? Backbone.MobileNetV3Large : Backbone.ResNet18;

    /// <summary>The output stride that torchvision's networks with a backbone have.</summary>
    public static int DefaultOutputStrideOf(Backbone backbone) => backbone == Backbone.MobileNetV3Large ? 16 : 8;

    /// <summary>The place of a keyed map.</summary>
    /// <exception cref="ArgumentException"><paramref name="map"/> is not exactly one map, or the network does not have it.</exception>
    public KeyedMap Find(FeatureMaps map) => KeyedMaps.FirstOrDefault(layer => layer.Map == map)
        ?? throw new ArgumentException($"Exactly one feature map is expected, not '{map}'.", nameof(map));

    /// <summary>The convolutions that first mix the channels of a keyed map: those that no other one and no shortcut lies before.</summary>
    /// <exception cref="ArgumentException"><paramref name="map"/> is not exactly one map.</exception>
    public IEnumerable<Convolution> ReadersOf(FeatureMaps map)
    {
        var carriers = new HashSet<Layer> { Find(map) };
        foreach (Layer layer in Layers)
        {
            if (layer.Inputs.Count == 0 || !carriers.Contains(layer.Inputs[0]))
                continue;
            if (layer is Convolution { IsDepthwise: false } convolution)
                yield return convolution;
            else if (layer.Carried is [var only] && carriers.Contains(only))
                carriers.Add(layer);
        }
    }

    /// <summary>The last layer that reads what a layer makes; the number of layers for the last.</summary>
    public int LastReaderOf(Layer layer) => _lastReaders[layer.Index];

    /// <summary>The layers before a place in the table whose maps are needed from there on.</summary>
    public IReadOnlyList<Layer> NeededFrom(int index) =>
        [.. Layers.Take(index).Where(layer => LastReaderOf(layer) >= index)];

    internal static void CheckClassCount(int classCount)
    {
        if (classCount is < 2 or > 255)
            throw new ArgumentOutOfRangeException(nameof(classCount), classCount, "The value must be between 2 and 255.");
    }
}
