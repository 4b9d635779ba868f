using Google.Protobuf;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>
/// Reads an ONNX file. What is in it besides the values of tensors takes a multiple of its bytes when it is parsed (an empty node: two bytes in the file,
/// hundreds in memory), so that it is measured and counted before.
/// </summary>
internal static class OnnxStructure
{
    // Networks with tens of thousands of nodes have some hundred thousand. Each is an object.
    private const int MostParts = 1 << 20;

    // As deep as the parser goes.
    private const int DeepestNesting = 100;

    // Bytes of 64 bits, seven in each.
    private const int LongestNumber = 10;

    private enum Message
    {
        Model, Graph, Node, Attribute, Function, Training, SparseTensor, Tensor, Values,
    }

    /// <summary>Parses a file.</summary>
    /// <param name="file">All of it.</param>
    /// <param name="largest">How many bytes may be something other than values of tensors.</param>
    /// <exception cref="InvalidDataException">It is no ONNX file, or there are more.</exception>
    public static ModelProto Parse(byte[] file, int largest)
    {
        try
        {
            int parts = 0;
            if (file.Length - Values(Message.Model, file, depth: 0, ref parts) > largest)
                throw new InvalidDataException($"The model is damaged: there are more than {largest} bytes in it besides its weights.");
            return ModelProto.Parser.ParseFrom(file);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException($"This is not an ONNX file, or it is damaged: {exception.Message}", exception);
        }
    }

    // Which messages lie in which.
    private static Message? Within(Message message, int field) => (message, field) switch
    {
        (Message.Model, ModelProto.GraphFieldNumber) => Message.Graph,
        (Message.Model, ModelProto.FunctionsFieldNumber) => Message.Function,
        (Message.Model, ModelProto.TrainingInfoFieldNumber) => Message.Training,
        (Message.Training, TrainingInfoProto.InitializationFieldNumber or TrainingInfoProto.AlgorithmFieldNumber) => Message.Graph,
        (Message.Function, FunctionProto.AttributeProtoFieldNumber) => Message.Attribute,
        (Message.Graph, GraphProto.NodeFieldNumber) or (Message.Function, FunctionProto.NodeFieldNumber) => Message.Node,
        (Message.Graph, GraphProto.InitializerFieldNumber) => Message.Tensor,
        (Message.Graph, GraphProto.SparseInitializerFieldNumber) => Message.SparseTensor,
        (Message.Node, NodeProto.AttributeFieldNumber) => Message.Attribute,
        (Message.Attribute, AttributeProto.TFieldNumber or AttributeProto.TensorsFieldNumber) => Message.Tensor,
        (Message.Attribute, AttributeProto.SparseTensorFieldNumber or AttributeProto.SparseTensorsFieldNumber) => Message.SparseTensor,
        (Message.Attribute, AttributeProto.GFieldNumber or AttributeProto.GraphsFieldNumber) => Message.Graph,
        (Message.SparseTensor, SparseTensorProto.ValuesFieldNumber or SparseTensorProto.IndicesFieldNumber) => Message.Tensor,
        (Message.Tensor, TensorProto.RawDataFieldNumber or TensorProto.FloatDataFieldNumber or TensorProto.DoubleDataFieldNumber
            or TensorProto.Int32DataFieldNumber or TensorProto.Int64DataFieldNumber or TensorProto.Uint64DataFieldNumber) => Message.Values,
        _ => null,
    };

    // How many bytes are values of tensors, found without making an object of any.
    private static long Values(Message message, ReadOnlySpan<byte> bytes, int depth, ref int parts)
    {
        if (depth > DeepestNesting)
            throw new InvalidDataException($"The model is damaged: its parts lie in one another more than {DeepestNesting} times.");
        long result = 0;
        while (!bytes.IsEmpty)
        {
            ulong tag = ReadNumber(ref bytes);
            var type = (WireFormat.WireType)(tag & 7);
            int length = type switch
            {
                WireFormat.WireType.Varint => 0,
                WireFormat.WireType.Fixed32 => sizeof(uint),
                WireFormat.WireType.Fixed64 => sizeof(ulong),
                WireFormat.WireType.LengthDelimited => (int)Math.Min(ReadNumber(ref bytes), int.MaxValue),
                _ => throw new InvalidDataException($"This is not an ONNX file, or it is damaged: it has a field of the kind {tag & 7}."),
            };
            if (type == WireFormat.WireType.Varint)
                ReadNumber(ref bytes);
            if (length > bytes.Length)
                throw TooShort();
            if (type == WireFormat.WireType.LengthDelimited && ++parts > MostParts)
                throw new InvalidDataException($"The model is damaged: it has more than {MostParts} parts.");
            if (type == WireFormat.WireType.LengthDelimited && Within(message, (int)Math.Min(tag >> 3, int.MaxValue)) is { } part)
                result += part == Message.Values ? length : Values(part, bytes[..length], depth + 1, ref parts);
            bytes = bytes[length..];
        }
        return result;
    }

    // Seven bits a byte, lowest first; the eighth says that another follows.
    private static ulong ReadNumber(ref ReadOnlySpan<byte> bytes)
    {
        ulong number = 0;
        for (int i = 0; i < bytes.Length && i < LongestNumber; i++)
        {
            number |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return number;
            }
        }
        throw TooShort();
    }

    private static InvalidDataException TooShort() => new("The model is damaged: it ends too early.");
}
