using System.Runtime.InteropServices;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The ResNet-18 that CNTK has trained, as ONNX: the layers of torchvision's in its order, but for a third block in the last stage. It reads
/// blue, green and red, 0 to 255 less a mean. Its strided layers pad on the other side, which at even sizes reads the same pixels.
/// </summary>
internal sealed class CntkResNet18
{
    private const int BlocksOfStage = 2, Stages = 4, Colors = 3;

    // The mean image that the network was trained with (ResNetPreprocess.onnx of the same package), averaged over its pixels: red, green, blue.
    private static readonly float[] Mean = [123.15163f, 115.90288f, 103.06262f];

    private readonly Dictionary<string, TensorProto> _tensors;

    // The convolution's weights, and those of the batch norm behind it: scale, bias, mean, variance.
    private readonly Dictionary<string, string[]> _inputs = [];

    /// <exception cref="InvalidDataException">It is another network.</exception>
    public CntkResNet18(ModelProto model)
    {
        GraphProto graph = model.Graph ?? throw new InvalidDataException("there is no graph in it.");
        _tensors = graph.Initializer.GroupBy(tensor => tensor.Name).ToDictionary(group => group.Key, group => group.First());
        ILookup<string, NodeProto> readers = graph.Node.Where(node => node.Input.Count > 0).ToLookup(node => node.Input[0]);
        using IEnumerator<string> names = Names().GetEnumerator();
        foreach (NodeProto node in graph.Node.Where(node => node.OpType == "Conv"))
        {
            // What comes then is the third block of the last stage.
            if (!names.MoveNext())
                return;
            NodeProto? norm = readers[node.Output.FirstOrDefault() ?? ""].FirstOrDefault(reader => reader.OpType == "BatchNormalization");
            if (node.Input.Count != 2 || norm?.Input.Count != 5)
                throw new InvalidDataException($"the convolution '{node.Name}' has a bias, or no batch norm behind it.");
            _inputs[names.Current] = [node.Input[1], .. norm.Input.Skip(1)];
        }
        if (names.MoveNext())
            throw new InvalidDataException($"it has no convolution for {names.Current}.");
    }

    /// <summary>The values of a tensor of torchvision's ResNet-18, for images that are normalised as its are.</summary>
    /// <exception cref="InvalidDataException">The tensor is missing or of another shape.</exception>
    public float[] Read(NetworkParameter parameter)
    {
        string[] inputs = _inputs[parameter.Layer.Name];
        float[] values = Read(inputs[InputOf(parameter.Role)], parameter.Shape);
        if (parameter.Layer.Inputs[0] is not ImageInput)
            return values;
        return parameter.Role switch
        {
            ParameterRole.Weight => ToNormalizedRgb(values),
            ParameterRole.RunningMean => Shifted(values, Read(inputs[0], parameter.Layer.WeightShape)),
            _ => values,
        };
    }

    // In the order in which the graph has them: a projection comes before the branch that it goes around.
    private static IEnumerable<string> Names()
    {
        yield return "backbone.conv1";
        for (int stage = 1; stage <= Stages; stage++)
        {
            for (int block = 0; block < BlocksOfStage; block++)
            {
                string prefix = $"backbone.layer{stage}.{block}";
                if (stage > 1 && block == 0)
                    yield return $"{prefix}.downsample.0";
                yield return $"{prefix}.conv1";
                yield return $"{prefix}.conv2";
            }
        }
    }

    private static int InputOf(ParameterRole role) => role switch
    {
        ParameterRole.Weight => 0,
        ParameterRole.NormWeight => 1,
        ParameterRole.NormBias => 2,
        ParameterRole.RunningMean => 3,
        ParameterRole.RunningVariance => 4,
        _ => throw new InvalidOperationException($"A ResNet has no {role}."),
    };

    private float[] Read(string name, IReadOnlyList<long> shape)
    {
        TensorProto tensor = _tensors.GetValueOrDefault(name) ?? throw new InvalidDataException($"the tensor '{name}' is missing.");
        int count = (int)shape.Aggregate((product, length) => product * length);
        float[] values = tensor.RawData.IsEmpty ? [.. tensor.FloatData] : MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
        return tensor.DataType == (int)TensorProto.Types.DataType.Float && tensor.Dims.SequenceEqual(shape) && values.Length == count
            ? values
            : throw new InvalidDataException($"the tensor '{name}' does not hold [{string.Join(", ", shape)}] floats.");
    }

    // The network computes w(b) (v - m), with v from 0 to 255. With n = (v - mean) / deviation this is w(b) deviation n + w(b) (mean - m).
    private static float[] ToNormalizedRgb(float[] weights)
    {
        var result = new float[weights.Length];
        ForEachColor(weights, (from, to, length, color) =>
        {
            for (int i = 0; i < length; i++)
                result[to + i] = weights[from + i] * ImageNormalization.Deviation[color];
        });
        return result;
    }

    // The second term is a constant, which the batch norm behind it takes off again.
    private static float[] Shifted(float[] mean, float[] weights)
    {
        double[] constants = new double[mean.Length];
        int perFilter = weights.Length / mean.Length;
        ForEachColor(weights, (from, _, length, color) =>
        {
            for (int i = 0; i < length; i++)
                constants[from / perFilter] += (double)weights[from + i] * (ImageNormalization.Mean[color] - Mean[color]);
        });
        return [.. mean.Select((value, filter) => (float)(value - constants[filter]))];
    }

    // weights: [filters, 3, kernel, kernel], of blue, green and red. Of each kernel: where it is, where it would be in a filter of red, green and
    // blue, its length, and its color there.
    private static void ForEachColor(float[] weights, Action<int, int, int, int> use)
    {
        const int length = 7 * 7;
        for (int from = 0; from < weights.Length; from += length)
        {
            int place = from / length % Colors, color = Colors - 1 - place;
            use(from, from + (color - place) * length, length, color);
        }
    }
}
