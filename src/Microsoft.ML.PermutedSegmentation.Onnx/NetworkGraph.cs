using Microsoft.ML.PermutedSegmentation.Networks;
using Microsoft.ML.PermutedSegmentation.Quantization;
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
    private readonly Dictionary<Layer, string> _values = [];
    private readonly RoundedValues _rounded;

    private NetworkGraph(NetworkLayout layout, int height, int width, OnnxWeights weights, FeatureMaps keyed)
    {
        (_layout, _height, _width, _weights, _keyed) = (layout, height, width, weights, keyed);
        _rounded = new RoundedValues(_graph, weights);
    }

    /// <summary>For any runtime: images in, labels out, and an input for each keyed map.</summary>
    public static GraphProto ForFile(
        NetworkLayout layout, int height, int width, OnnxWeights weights, FeatureMaps keyed, OnnxExportOptions options)
    {
        var network = new NetworkGraph(layout, height, width, weights, keyed);
        GraphBuilder graph = network._graph;
        object imageHeight = options.FixedSize ? height : "height", imageWidth = options.FixedSize ? width : "width";
        string image = graph.Input("image", DataType.Uint8, "RGB images.", Batch, imageHeight, imageWidth, 3);
        string values = graph.Node("Cast", "image/float", [image], Integer("to", (long)DataType.Float));
        string scores = network.Run(options.FixedSize ? network.Planes(values) : network.ResizedPlanes(values));
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
    public static GraphProto ForMemory(NetworkLayout layout, int height, int width, OnnxWeights weights) =>
        new NetworkGraph(layout, height, width, weights, FeatureMaps.None).WithScores();

    /// <summary>For <see cref="Calibration"/>: the same, and the least and the largest value of each place where a network of 8 bits rounds.</summary>
    /// <returns>The graph, the places, and for each convolution the place that it reads.</returns>
    public static (GraphProto Graph, IReadOnlyList<string> Places, Func<Convolution, string> PlaceBefore) ForCalibration(
        NetworkLayout layout, int height, int width, OnnxWeights weights)
    {
        var network = new NetworkGraph(layout, height, width, weights, FeatureMaps.None);
        GraphProto result = network.WithScores();
        network.AddRanges("ReduceMin", Calibration.Least);
        network.AddRanges("ReduceMax", Calibration.Largest);
        return (result, network._rounded.Places, convolution => network._rounded.PlaceOf(network._values[convolution.Inputs[0]]));
    }

    /// <summary>The input that a keyed map's permutation comes in.</summary>
    public static string InputOf(KeyedMap map) => $"permutation_{map.Number}";

    // Bilinearly, between pixel centres.
    private static AttributeProto[] Linear => [Text("mode", "linear"), Text("coordinate_transformation_mode", "half_pixel")];

    private GraphProto WithScores()
    {
        string image = _graph.Input("image", DataType.Float, "", Batch, _height, _width, 3);
        _graph.Node("Transpose", "scores", [Run(Planes(image))], Integers("perm", 0, 2, 3, 1));
        _graph.Output("scores", DataType.Float, "", Batch, _height / _layout.Output.Stride, _width / _layout.Output.Stride, _layout.ClassCount);
        return _graph.Graph;
    }

    private void AddRanges(string operation, string name)
    {
        string[] values = [.. _rounded.Places.Select(place => _graph.Node(operation, $"{place}/{operation}", [place]))];
        _graph.Node("Concat", name, values, Integer("axis", 0));
        _graph.Output(name, DataType.Float, "", values.Length, 1, 1, 1);
    }

    private string Run(string planes)
    {
        foreach (Layer layer in _layout.Layers)
            _values[layer] = Add(layer, planes, [.. layer.Inputs.Select(input => _values[input])]);
        return _values[_layout.Output];
    }

    private string Add(Layer layer, string planes, string[] inputs) => layer switch
    {
        ImageInput => _rounded.Round(Normalize(planes)),
        Convolution { IsClassifier: true } classifier => Add(classifier, inputs[0], _weights.Get(classifier)),
        Convolution convolution => AddRounded(convolution, inputs[0]),
        MaxPool => _rounded.Choose(inputs[0], x => _graph.Node("MaxPool", NameOf(layer), [x],
            Square("kernel_shape", MaxPool.Kernel), Square("strides", MaxPool.Step), Pads(MaxPool.Padding))),
        GlobalAverage => _rounded.Round(_graph.Node("GlobalAveragePool", NameOf(layer), inputs)),
        Sum sum when sum == _layout.Output => Activate(_graph.Node("Add", NameOf(layer), inputs), NameOf(layer), sum.Activation),
        Sum sum => _rounded.Round(Activate(_graph.Node("Add", NameOf(layer), inputs), NameOf(layer), sum.Activation)),
        Product => _rounded.Round(_graph.Node("Mul", NameOf(layer), inputs)),
        Concatenation => _rounded.Round(_graph.Node("Concat", NameOf(layer), inputs, Integer("axis", 1))),
        Resize resize => _rounded.Round(AddResize(resize, inputs[0])),
        KeyedMap keyed when _keyed.HasFlag(keyed.Map) => _rounded.Choose(inputs[0], x => Permute(keyed, x)),
        KeyedMap or Dropout => inputs[0],
        _ => throw new NotSupportedException($"ONNX has no {layer.GetType().Name}."),
    };

    // ONNX Runtime computes in integers what is between two roundings, with ReLU as a part of the second. Other activations are between two of their own.
    private string AddRounded(Convolution layer, string x)
    {
        string sum = _weights.AreQuantized ? Add(layer, x, Dequantize(layer, x)) : Add(layer, x, _weights.Get(layer));
        return layer.Activation is Activation.None or Activation.Relu
            ? _rounded.Round(Activate(sum, layer.Name, layer.Activation))
            : _rounded.Round(Activate(_rounded.Round(sum), layer.Name, layer.Activation));
    }

    private string Add(Convolution layer, string x, (TensorProto Weights, TensorProto Bias) floats) =>
        Add(layer, x, (_graph.Constant(floats.Weights), _graph.Constant(floats.Bias)));

    private string Add(Convolution layer, string x, (string Weights, string Bias) values) => _graph.Node("Conv", layer.Name, [x, values.Weights, values.Bias],
        Square("kernel_shape", layer.Kernel), Square("strides", layer.Step), Square("dilations", layer.Dilation), Pads(layer.Padding),
        Integer("group", layer.IsDepthwise ? layer.Channels : 1));

    private (string Weights, string Bias) Dequantize(Convolution layer, string x)
    {
        (TensorProto weights, TensorProto scale, TensorProto bias, TensorProto biasScale) = _weights.GetQuantized(layer, _rounded.PlaceOf(x));
        return (Dequantize(weights, scale), Dequantize(bias, biasScale));

        string Dequantize(TensorProto integers, TensorProto scales) =>
            _graph.Node("DequantizeLinear", $"{integers.Name}/float", [_graph.Constant(integers), _graph.Constant(scales)], Integer("axis", 0));
    }

    private string Activate(string x, string name, Activation activation) => activation switch
    {
        Activation.None => x,
        Activation.Relu => _graph.Node("Relu", $"{name}.relu", [x]),
        Activation.Hardswish => _graph.Node("HardSwish", $"{name}.hardswish", [x]),
        Activation.Hardsigmoid => _graph.Node("HardSigmoid", $"{name}.hardsigmoid", [x], Number("alpha", 1f / 6), Number("beta", 0.5f)),
        Activation.Sigmoid => _graph.Node("Sigmoid", $"{name}.sigmoid", [x]),
        _ => throw new NotSupportedException($"ONNX has no {activation}."),
    };

    // By whole numbers: maps are divided by strides, and the map of one pixel has the stride 0.
    private string AddResize(Resize layer, string x)
    {
        int stride = layer.Inputs[0].Stride;
        (int rows, int columns) = stride == 0 ? (_height / layer.Stride, _width / layer.Stride) : (stride / layer.Stride, stride / layer.Stride);
        return _graph.Node("Resize", NameOf(layer), [x, "", _graph.Constant($"{NameOf(layer)}/scales", [4], 1f, 1f, rows, columns)], Linear);
    }

    private string Planes(string image) => _graph.Node("Transpose", "image/planes", [image], Integers("perm", 0, 3, 1, 2));

    // In a network of 8 bits, ONNX Runtime 1.31 would move the transposition behind the Resize, and forget its axes. In one of floats it does not, and
    // with CUDA it only resizes planes.
    private string ResizedPlanes(string values) => _weights.AreQuantized ? Planes(Resize(values, 1, 2)) : Resize(Planes(values), 2, 3);

    // With antialiasing and without what lies outside of the image, as Pillow and libtorch do.
    private string Resize(string values, long rows, long columns) => _graph.Node(
        "Resize", "image/resized", [values, "", "", _graph.Constant("image/size", [2], (long)_height, _width)],
        [.. Linear, Integers("axes", rows, columns), Integer("antialias", 1), Integer("exclude_outside", 1)]);

    private string Normalize(string planes)
    {
        string centered = _graph.Node("Sub", "image/centered", [planes, _graph.Constant("image/mean", [3, 1, 1], ImageNormalization.Mean)]);
        return _graph.Node("Div", "image/normal", [centered, _graph.Constant("image/deviation", [3, 1, 1], ImageNormalization.Deviation)]);
    }

    // Eq. 2: x'(i) = x(α_i).
    private string Permute(KeyedMap layer, string x)
    {
        string order = _graph.Input(InputOf(layer), DataType.Int64, $"The key's permutation of feature map {layer.Number}.", layer.Channels);
        return _graph.Node("Gather", $"{order}/permuted", [x, order], Integer("axis", 1));
    }

    private static string NameOf(Layer layer) => $"{layer.GetType().Name.ToLowerInvariant()}_{layer.Index}";

    private static AttributeProto Square(string name, long side) => Integers(name, side, side);

    private static AttributeProto Pads(long width) => Integers("pads", width, width, width, width);
}
