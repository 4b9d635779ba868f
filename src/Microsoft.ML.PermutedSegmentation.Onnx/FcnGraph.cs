using Onnx;
using static Microsoft.ML.PermutedSegmentation.GraphBuilder;
using static Onnx.TensorProto.Types;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The fully convolutional network of the paper's Fig. 3 as an ONNX graph, either to the letter, with a gather of channels at
/// each keyed map (Fig. 4) whose order is an input of the graph, or plain, for weights that a key has put in order.
/// </summary>
internal sealed class FcnGraph
{
    private readonly GraphBuilder _graph = new();
    private readonly FcnArchitecture _architecture;
    private readonly OnnxWeights _weights;
    private readonly FeatureMaps _keyed;

    private FcnGraph(FcnArchitecture architecture, OnnxWeights weights, FeatureMaps keyed) =>
        (_architecture, _weights, _keyed) = (architecture, weights, keyed);

    /// <summary>For any runtime: images in, labels out, and an input for each keyed map.</summary>
    public static GraphProto ForFile(
        FcnArchitecture architecture, int height, int width, OnnxWeights weights, FeatureMaps keyed, OnnxExportOptions options)
    {
        var fcn = new FcnGraph(architecture, weights, keyed);
        GraphBuilder graph = fcn._graph;
        object imageHeight = options.FixedSize ? height : "height", imageWidth = options.FixedSize ? width : "width";
        string image = graph.Input("image", DataType.Uint8, "RGB images.", Batch, imageHeight, imageWidth, 3);
        string planes = fcn.Planes(graph.Node("Cast", "image/float", [image], Integer("to", (long)DataType.Float)));
        string scores = fcn.Run(options.FixedSize ? planes : fcn.Resize(planes, height, width));
        string scales = graph.Constant("upsample/scales", [4], 1f, 1f, architecture.OutputStride, architecture.OutputStride);
        string upsampled = graph.Node("Resize", "upsample", [scores, "", scales], Text("mode", "linear"), Text("coordinate_transformation_mode", "half_pixel"));
        string best = graph.Node("ArgMax", "best", [upsampled], Integer("axis", 1), Integer("keepdims", 0));
        graph.Node("Cast", "labels", [best], Integer("to", (long)DataType.Uint8));
        graph.Output("labels", DataType.Uint8, "The class of each pixel, from 0.", Batch, height, width);
        if (options.Probabilities)
        {
            graph.Node("Softmax", "probabilities", [upsampled], Integer("axis", 1));
            graph.Output("probabilities", DataType.Float, "The probability of each class at each pixel.", Batch, architecture.ClassCount, height, width);
        }
        return graph.Graph;
    }

    /// <summary>For <see cref="OnnxSegmenter"/>: images of floats from 0 to 255 in, scores at the size of map 6 out, [batch, h, w, classes].</summary>
    public static GraphProto ForMemory(FcnArchitecture architecture, int height, int width, OnnxWeights weights)
    {
        var fcn = new FcnGraph(architecture, weights, FeatureMaps.None);
        GraphBuilder graph = fcn._graph;
        string image = graph.Input("image", DataType.Float, "", Batch, height, width, 3);
        graph.Node("Transpose", "scores", [fcn.Run(fcn.Planes(image))], Integers("perm", 0, 2, 3, 1));
        graph.Output("scores", DataType.Float, "", Batch, height / architecture.OutputStride, width / architecture.OutputStride, architecture.ClassCount);
        return graph.Graph;
    }

    /// <summary>The input that a keyed map's permutation comes in.</summary>
    public static string InputOf(FeatureMaps map) => $"permutation_{map.Number()}";

    private string Run(string planes)
    {
        string x = Convolution("backbone.conv1", Normalize(planes), _architecture.BaseWidth, 3, kernel: 7, stride: 2);
        x = _graph.Node("MaxPool", "backbone.maxpool", [Relu(x)], Integers("kernel_shape", 3, 3), Integers("strides", 2, 2), Integers("pads", 1, 1, 1, 1));
        x = Permute(x, FeatureMaps.Stem);
        int channels = _architecture.BaseWidth;
        foreach ((int stage, FeatureMaps map) in new[] { (1, FeatureMaps.Stage1), (2, FeatureMaps.Stage2), (3, FeatureMaps.Stage3), (4, FeatureMaps.Stage4) })
        {
            for (int i = 0; i < _architecture.BlocksOf(stage); i++)
            {
                x = Block(x, stage, i, channels, _architecture.ChannelsOf(map));
                channels = _architecture.ChannelsOf(map);
            }
            x = Permute(x, map);
        }
        int features = _architecture.ChannelsOf(FeatureMaps.Head);
        x = Permute(Relu(Convolution("classifier.0", x, features, channels, kernel: 3)), FeatureMaps.Head);
        return Convolution("classifier.4", x, _architecture.ClassCount, features, kernel: 1);
    }

    private string Planes(string image) => _graph.Node("Transpose", "image/planes", [image], Integers("perm", 0, 3, 1, 2));

    // With antialiasing and without what lies outside of the image, as Pillow and libtorch do.
    private string Resize(string planes, int height, int width) => _graph.Node(
        "Resize", "image/resized", [planes, "", "", _graph.Constant("image/size", [2], (long)height, width)],
        Text("mode", "linear"), Text("coordinate_transformation_mode", "half_pixel"), Integers("axes", 2, 3), Integer("antialias", 1), Integer("exclude_outside", 1));

    private string Normalize(string planes)
    {
        string centered = _graph.Node("Sub", "image/centered", [planes, _graph.Constant("image/mean", [3, 1, 1], ImageTensors.Mean)]);
        return _graph.Node("Div", "image/normal", [centered, _graph.Constant("image/deviation", [3, 1, 1], ImageTensors.Deviation)]);
    }

    private string Block(string x, int stage, int index, int inputs, int outputs)
    {
        string name = $"backbone.layer{stage}.{index}";
        int width = _architecture.WidthOf(stage), stride = index == 0 ? _architecture.StrideOf(stage) : 1;
        string shortcut = _architecture.HasProjection(stage, index)
            ? Convolution($"{name}.downsample.0", x, outputs, inputs, kernel: 1, stride)
            : x;
        if (_architecture.Block == ResidualBlock.Bottleneck)
        {
            x = Relu(Convolution($"{name}.conv1", x, width, inputs, kernel: 1));
            x = Relu(Convolution($"{name}.conv2", x, width, width, kernel: 3, stride, _architecture.DilationOf(stage, index)));
            x = Convolution($"{name}.conv3", x, outputs, width, kernel: 1);
        }
        else
        {
            x = Relu(Convolution($"{name}.conv1", x, width, inputs, kernel: 3, stride));
            x = Convolution($"{name}.conv2", x, outputs, width, kernel: 3);
        }
        return Relu(_graph.Node("Add", $"{name}.add", [x, shortcut]));
    }

    private string Convolution(string name, string x, int outputs, int inputs, int kernel, int stride = 1, int dilation = 1)
    {
        (TensorProto weights, TensorProto bias) = _weights.Get(name, outputs, inputs, kernel);
        int padding = dilation * (kernel / 2);
        return _graph.Node("Conv", name, [x, _graph.Constant(weights), _graph.Constant(bias)],
            Integers("kernel_shape", kernel, kernel), Integers("strides", stride, stride), Integers("dilations", dilation, dilation),
            Integers("pads", padding, padding, padding, padding));
    }

    private string Relu(string x) => _graph.Node("Relu", $"{x}.relu", [x]);

    // Eq. 2: x'(i) = x(α_i).
    private string Permute(string x, FeatureMaps map)
    {
        if (!_keyed.HasFlag(map))
            return x;
        string order = _graph.Input(InputOf(map), DataType.Int64, $"The key's permutation of feature map {map.Number()}.", _architecture.ChannelsOf(map));
        return _graph.Node("Gather", $"{order}/permuted", [x, order], Integer("axis", 1));
    }
}
