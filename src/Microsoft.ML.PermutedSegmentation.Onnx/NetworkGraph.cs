using Microsoft.ML.PermutedSegmentation.Networks;
using Onnx;
using static Microsoft.ML.PermutedSegmentation.GraphBuilder;
using static Onnx.TensorProto.Types;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A network as an ONNX graph, either to the letter of the paper, with a gather of channels at each keyed map (Fig. 4) whose order is an
/// input of the graph, or plain, for weights that a key has put in order.
/// </summary>
internal sealed class NetworkGraph
{
    private readonly GraphBuilder _graph = new();
    private readonly NetworkLayout _layout;
    private readonly int _height, _width;
    private readonly OnnxWeights _weights;
    private readonly FeatureMaps _keyed;

    private NetworkGraph(NetworkLayout layout, int height, int width, OnnxWeights weights, FeatureMaps keyed) =>
        (_layout, _height, _width, _weights, _keyed) = (layout, height, width, weights, keyed);

    /// <summary>For any runtime: images in, labels out, and an input for each keyed map.</summary>
    public static GraphProto ForFile(
        NetworkLayout layout, int height, int width, OnnxWeights weights, FeatureMaps keyed, OnnxExportOptions options)
    {
        var network = new NetworkGraph(layout, height, width, weights, keyed);
        GraphBuilder graph = network._graph;
        object imageHeight = options.FixedSize ? height : "height", imageWidth = options.FixedSize ? width : "width";
        string image = graph.Input("image", DataType.Uint8, "RGB images.", Batch, imageHeight, imageWidth, 3);
        string planes = network.Planes(graph.Node("Cast", "image/float", [image], Integer("to", (long)DataType.Float)));
        string scores = network.Run(options.FixedSize ? planes : network.Resize(planes));
        int stride = layout.Output.Stride;
        string scales = graph.Constant("upsample/scales", [4], 1f, 1f, stride, stride);
        string upsampled = graph.Node("Resize", "upsample", [scores, "", scales], Linear);
        string best = graph.Node("ArgMax", "best", [upsampled], Integer("axis", 1), Integer("keepdims", 0));
        graph.Node("Cast", "labels", [best], Integer("to", (long)DataType.Uint8));
        graph.Output("labels", DataType.Uint8, "The class of each pixel, from 0.", Batch, height, width);
        if (options.Probabilities)
        {
            graph.Node("Softmax", "probabilities", [upsampled], Integer("axis", 1));
            graph.Output("probabilities", DataType.Float, "The probability of each class at each pixel.", Batch, layout.ClassCount, height, width);
        }
        return graph.Graph;
    }

    /// <summary>For <see cref="OnnxSegmenter"/>: images of floats from 0 to 255 in, scores at the size of the last map out, [batch, h, w, classes].</summary>
    public static GraphProto ForMemory(NetworkLayout layout, int height, int width, OnnxWeights weights)
    {
        var network = new NetworkGraph(layout, height, width, weights, FeatureMaps.None);
        GraphBuilder graph = network._graph;
        string image = graph.Input("image", DataType.Float, "", Batch, height, width, 3);
        graph.Node("Transpose", "scores", [network.Run(network.Planes(image))], Integers("perm", 0, 2, 3, 1));
        graph.Output("scores", DataType.Float, "", Batch, height / layout.Output.Stride, width / layout.Output.Stride, layout.ClassCount);
        return graph.Graph;
    }

    /// <summary>The input that a keyed map's permutation comes in.</summary>
    public static string InputOf(FeatureMaps map) => $"permutation_{map.Number()}";

    // Bilinearly, between pixel centres.
    private static AttributeProto[] Linear => [Text("mode", "linear"), Text("coordinate_transformation_mode", "half_pixel")];

    private string Run(string planes)
    {
        var values = new Dictionary<Layer, string>();
        foreach (Layer layer in _layout.Layers)
            values[layer] = Add(layer, planes, [.. layer.Inputs.Select(input => values[input])]);
        return values[_layout.Output];
    }

    private string Add(Layer layer, string planes, string[] inputs) => layer switch
    {
        ImageInput => Normalize(planes),
        Convolution convolution => Add(convolution, inputs[0]),
        MaxPool => _graph.Node("MaxPool", NameOf(layer), inputs,
            Square("kernel_shape", MaxPool.Kernel), Square("strides", MaxPool.Step), Pads(MaxPool.Padding)),
        GlobalAverage => _graph.Node("GlobalAveragePool", NameOf(layer), inputs),
        Sum sum => Activate(_graph.Node("Add", NameOf(layer), inputs), sum.Activation),
        Product => _graph.Node("Mul", NameOf(layer), inputs),
        Concatenation => _graph.Node("Concat", NameOf(layer), inputs, Integer("axis", 1)),
        Resize resize => AddResize(resize, inputs[0]),
        KeyedMap keyed when _keyed.HasFlag(keyed.Map) => Permute(keyed, inputs[0]),
        KeyedMap or Dropout => inputs[0],
        _ => throw new NotSupportedException($"ONNX has no {layer.GetType().Name}."),
    };

    private string Add(Convolution layer, string x)
    {
        (TensorProto weights, TensorProto bias) = _weights.Get(layer);
        string result = _graph.Node("Conv", layer.Name, [x, _graph.Constant(weights), _graph.Constant(bias)],
            Square("kernel_shape", layer.Kernel), Square("strides", layer.Step), Square("dilations", layer.Dilation), Pads(layer.Padding),
            Integer("group", layer.IsDepthwise ? layer.Channels : 1));
        return Activate(result, layer.Activation);
    }

    private string Activate(string x, Activation activation) => activation switch
    {
        Activation.None => x,
        Activation.Relu => _graph.Node("Relu", $"{x}.relu", [x]),
        Activation.Hardswish => _graph.Node("HardSwish", $"{x}.hardswish", [x]),
        Activation.Hardsigmoid => _graph.Node("HardSigmoid", $"{x}.hardsigmoid", [x], Number("alpha", 1f / 6), Number("beta", 0.5f)),
        Activation.Sigmoid => _graph.Node("Sigmoid", $"{x}.sigmoid", [x]),
        _ => throw new NotSupportedException($"ONNX has no {activation}."),
    };

    private string AddResize(Resize layer, string x) => _graph.Node(
        "Resize", NameOf(layer), [x, "", "", _graph.Constant($"{NameOf(layer)}/size", [2], (long)_height / layer.Stride, _width / layer.Stride)],
        [.. Linear, Integers("axes", 2, 3)]);

    private string Planes(string image) => _graph.Node("Transpose", "image/planes", [image], Integers("perm", 0, 3, 1, 2));

    // With antialiasing and without what lies outside of the image, as Pillow and libtorch do.
    private string Resize(string planes) => _graph.Node(
        "Resize", "image/resized", [planes, "", "", _graph.Constant("image/size", [2], (long)_height, _width)],
        [.. Linear, Integers("axes", 2, 3), Integer("antialias", 1), Integer("exclude_outside", 1)]);

    private string Normalize(string planes)
    {
        string centered = _graph.Node("Sub", "image/centered", [planes, _graph.Constant("image/mean", [3, 1, 1], ImageNormalization.Mean)]);
        return _graph.Node("Div", "image/normal", [centered, _graph.Constant("image/deviation", [3, 1, 1], ImageNormalization.Deviation)]);
    }

    // Eq. 2: x'(i) = x(α_i).
    private string Permute(KeyedMap layer, string x)
    {
        string order = _graph.Input(InputOf(layer.Map), DataType.Int64, $"The key's permutation of feature map {layer.Map.Number()}.", layer.Channels);
        return _graph.Node("Gather", $"{order}/permuted", [x, order], Integer("axis", 1));
    }

    private static string NameOf(Layer layer) => $"{layer.GetType().Name.ToLowerInvariant()}_{layer.Index}";

    private static AttributeProto Square(string name, long side) => Integers(name, side, side);

    private static AttributeProto Pads(long width) => Integers("pads", width, width, width, width);
}
