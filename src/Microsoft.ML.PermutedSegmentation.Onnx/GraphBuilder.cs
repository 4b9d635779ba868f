using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;
using static Onnx.AttributeProto.Types;
using static Onnx.TensorProto.Types;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Puts an ONNX graph together, node by node. A value is known by the name of the node that makes it.</summary>
internal sealed class GraphBuilder
{
    /// <summary>The operator set that the nodes are from (github.com/onnx/onnx, docs/Operators.md), and the file format that goes with it.</summary>
    public const int OperatorSet = 18, FormatVersion = 8;

    /// <summary>The dimension that may have any size.</summary>
    public const string Batch = "batch";

    public GraphProto Graph { get; } = new() { Name = "segmentation" };

    public string Input(string name, DataType type, string documentation, params object[] shape)
    {
        Graph.Input.Add(Value(name, type, documentation, shape));
        return name;
    }

    public void Output(string name, DataType type, string documentation, params object[] shape) =>
        Graph.Output.Add(Value(name, type, documentation, shape));

    public string Constant(TensorProto tensor)
    {
        Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    public string Constant(string name, long[] shape, params ReadOnlySpan<float> values) =>
        Constant(name, DataType.Float, shape, MemoryMarshal.AsBytes(values));

    public string Constant(string name, long[] shape, params ReadOnlySpan<long> values) =>
        Constant(name, DataType.Int64, shape, MemoryMarshal.AsBytes(values));

    public string Node(string operation, string name, string[] inputs, params AttributeProto[] attributes)
    {
        Graph.Node.Add(new NodeProto { OpType = operation, Name = name, Input = { inputs }, Output = { name }, Attribute = { attributes } });
        return name;
    }

    public static AttributeProto Integer(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    public static AttributeProto Number(string name, float value) => new() { Name = name, Type = AttributeType.Float, F = value };

    public static AttributeProto Integers(string name, params long[] values) => new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    public static AttributeProto Text(string name, string value) => new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    private string Constant(string name, DataType type, long[] shape, ReadOnlySpan<byte> values) =>
        Constant(new TensorProto { Name = name, DataType = (int)type, Dims = { shape }, RawData = ByteString.CopyFrom(values) });

    private static ValueInfoProto Value(string name, DataType type, string documentation, object[] shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = new TensorShapeProto() };
        foreach (object size in shape)
            tensor.Shape.Dim.Add(size is string symbol ? new TensorShapeProto.Types.Dimension { DimParam = symbol } : new() { DimValue = (int)size });
        return new ValueInfoProto { Name = name, DocString = documentation, Type = new TypeProto { TensorType = tensor } };
    }
}
