using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>What a sealed ONNX file has besides its encrypted tensors: an operator that no runtime knows, and a digest at its end.</summary>
internal static class SealMark
{
    private const string Domain = "permuted_segmentation.sealed", Operator = "Unlock";

    /// <summary>Adds what makes runtimes refuse the file.</summary>
    public static void AddOperator(ModelProto model)
    {
        model.Graph ??= new GraphProto();
        model.Graph.Node.Add(new NodeProto { Domain = Domain, OpType = Operator, Output = { Domain } });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = Domain, Version = 1 });
    }

    /// <summary>Takes it away, if it is there.</summary>
    public static void RemoveOperator(ModelProto model)
    {
        if (model.Graph?.Node.LastOrDefault() is { Domain: Domain })
            model.Graph.Node.RemoveAt(model.Graph.Node.Count - 1);
        if (model.OpsetImport.LastOrDefault() is { Domain: Domain })
            model.OpsetImport.RemoveAt(model.OpsetImport.Count - 1);
    }

    /// <summary>The end of a file. Messages of protobuf that follow one another are read as one.</summary>
    public static byte[] DigestEntry(ReadOnlySpan<byte> digest) => new ModelProto
    {
        MetadataProps = { new StringStringEntryProto { Key = ProtectionTag.Digest, Value = Convert.ToHexStringLower(digest) } },
    }.ToByteArray();

    /// <summary>SHA-256 of all before the end, and the digest there.</summary>
    /// <exception cref="InvalidDataException">The file ends in another way.</exception>
    public static (byte[] Body, byte[] Digest) ReadDigest(byte[] file)
    {
        byte[] digest = new byte[SHA256.HashSizeInBytes];
        int length = DigestEntry(digest).Length;
        if (file.Length > length)
        {
            string text = Encoding.ASCII.GetString(file.AsSpan(^(2 * digest.Length)..));
            if (ProtectionTag.TryReadHex(text, digest) && file.AsSpan(^length..).SequenceEqual(DigestEntry(digest)))
                return (SHA256.HashData(file.AsSpan(..^length)), digest);
        }
        throw new InvalidDataException("The model is damaged: it does not end with the digest of its seal. Perhaps another program has written it again.");
    }
}
