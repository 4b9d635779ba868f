using Microsoft.ML.PermutedSegmentation.Quantization;
using static Microsoft.ML.PermutedSegmentation.GraphBuilder;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The values of a graph that are bytes if its weights are. Each has a place: the name of the value that was rounded, which the file's names of its
/// scale and zero point begin with.
/// </summary>
/// <remarks>
/// A value is written as QuantizeLinear and DequantizeLinear. A runtime takes both together with the operators between them, and computes these in
/// integers; one that does not computes the same in floats.
/// </remarks>
internal sealed class RoundedValues(GraphBuilder graph, OnnxWeights weights)
{
    private readonly Dictionary<string, (string Place, string Bytes)> _values = [];

    /// <summary>All places, in the order of the network.</summary>
    public List<string> Places { get; } = [];

    /// <summary>Where a value was rounded last.</summary>
    public string PlaceOf(string value) => _values[value].Place;

    /// <summary>A value as bytes stand for it; the value itself in a graph of floats.</summary>
    public string Round(string value)
    {
        Places.Add(value);
        if (!weights.AreQuantized)
        {
            _values[value] = (value, value);
            return value;
        }
        string scale = graph.Constant(weights.GetScale(value)), zeroPoint = graph.Constant(weights.GetZeroPoint(value));
        return Dequantize(value, graph.Node("QuantizeLinear", $"{value}/bytes", [value, scale, zeroPoint]));
    }

    /// <summary>What an operator makes that only chooses among values: it can do so among bytes.</summary>
    public string Choose(string value, Func<string, string> operation)
    {
        (string place, string bytes) = _values[value];
        string chosen = operation(bytes);
        if (weights.AreQuantized)
            return Dequantize(place, chosen);
        _values[chosen] = (place, chosen);
        return chosen;
    }

    private string Dequantize(string place, string bytes)
    {
        string value = graph.Node("DequantizeLinear", $"{bytes}/float", [bytes, QuantizedTensors.ScaleOf(place), QuantizedTensors.ZeroPointOf(place)]);
        _values[value] = (place, bytes);
        return value;
    }
}
