using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Microsoft.ML.PermutedSegmentation.AnyModel;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>ONNX files of segmentation models: written whole; read for their description and their weights only.</summary>
internal static class OnnxFile
{
    // The largest network, of ResNet-101 and 255 classes, has 208 MB.
    private const int LargestFile = 1 << 28;

    // All but the values of the weights. Parsed it takes a multiple of that, whatever a stranger puts there.
    private const int LargestStructure = 1 << 21;

    /// <summary>The metadata that tells damage: older files do not have it.</summary>
    private const string Checksum = "sha256";

    /// <summary>A model of a graph.</summary>
    public static ModelProto CreateModel(GraphProto graph, ModelDescription description)
    {
        var model = new ModelProto
        {
            IrVersion = GraphBuilder.FormatVersion,
            ProducerName = typeof(OnnxFile).Namespace,
            Graph = graph,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = GraphBuilder.OperatorSet } },
        };
        foreach ((string name, string value) in ModelMetadata.Write(description))
            model.MetadataProps.Add(new StringStringEntryProto { Key = name, Value = value });
        model.MetadataProps.Add(new StringStringEntryProto { Key = Checksum, Value = ChecksumOf(model) });
        return model;
    }

    /// <summary>Reads a model's description and tensors. Sizes are checked before anything is made of them; the tensors are not.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="key">Opens a sealed file.</param>
    /// <returns>Whether it was sealed, too.</returns>
    /// <exception cref="InvalidDataException">The stream is not an ONNX file of a segmentation model, or too large to be one.</exception>
    /// <exception cref="InvalidOperationException">It is sealed, and there is no key.</exception>
    /// <exception cref="WrongKeyException">It was sealed with another key.</exception>
    public static (ModelDescription Description, IReadOnlyDictionary<string, TensorProto> Tensors, bool WasSealed) Read(Stream stream, PermutationKey? key = null)
    {
        using var document = OnnxDocument.Read(ReadAll(stream), LargestStructure);
        ModelProto model = document.Model;
        if (document.Tag is { } tag)
            Open(document, tag, key);
        if (!document.IsOwnExport)
            throw new InvalidDataException("This library has not exported the model; OnnxSegmenter.Load takes OnnxModelOptions for those of other programs.");
        if (model.MetadataProps.FirstOrDefault(entry => entry.Key == Checksum) is { } checksum && checksum.Value != ChecksumOf(model))
            throw new InvalidDataException("The model is damaged: its checksum is wrong, so its weights or its metadata were altered after it was exported.");
        ModelDescription description = ModelMetadata.Read(Unique(model.MetadataProps, entry => entry.Key).ToDictionary(entry => entry.Key, entry => entry.Value.Value));
        if (description.Protection?.ImageStep is not null)
            throw new InvalidDataException("The network of this model reads images that a key has changed; only models that read plain images are run.");
        return (description, Unique(model.Graph?.Initializer ?? [], tensor => tensor.Name), document.Tag is not null);
    }

    /// <summary>Writes a model.</summary>
    /// <param name="stream">Where to; it stays open.</param>
    /// <param name="model">The model; its tensors are encrypted if there is a key.</param>
    /// <param name="sealingKey">Seals the file; null to write it as it is.</param>
    /// <param name="storeFingerprint">Whether a sealed file stores the key's fingerprint.</param>
    public static void Write(Stream stream, ModelProto model, PermutationKey? sealingKey, bool storeFingerprint)
    {
        if (sealingKey is null)
        {
            model.WriteTo(stream);
            return;
        }
        using var document = new OnnxDocument(model);
        using ProtectionChange change = ProtectionChange.Protect(document, sealingKey, new OnnxProtectionOptions { Seal = true, StoreFingerprint = storeFingerprint });
        change.Apply(output: null);
        change.Write(stream);
    }

    private static void Open(OnnxDocument document, ProtectionTag tag, PermutationKey? key)
    {
        if (!tag.IsSealed)
            throw new InvalidDataException("The layers of this model are permuted as a whole, as OnnxProtection does with those of other programs; OnnxSegmenter.Load takes OnnxModelOptions for these.");
        if (key is null)
            throw new InvalidOperationException("This model is sealed: without its key it does not run. Give the key to OnnxSegmenter.Load.");
        using ProtectionChange change = ProtectionChange.Unprotect(document, key, verify: true);
        change.Apply(output: null);
    }

    // Of all that is read here: the other metadata and the weights, in their order.
    private static string ChecksumOf(ModelProto model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Append(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(BitConverter.GetBytes((long)bytes.Length));
            hash.AppendData(bytes);
        }
        foreach (StringStringEntryProto entry in model.MetadataProps.Where(entry => entry.Key != Checksum))
        {
            Append(Encoding.UTF8.GetBytes(entry.Key));
            Append(Encoding.UTF8.GetBytes(entry.Value));
        }
        foreach (TensorProto tensor in model.Graph?.Initializer ?? [])
        {
            Append(Encoding.UTF8.GetBytes(tensor.Name));
            Append(MemoryMarshal.AsBytes<long>(tensor.Dims.ToArray()));
            Append(tensor.RawData.Span);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var content = new MemoryStream(stream.CanSeek && stream.Length - stream.Position is > 0 and <= LargestFile and var length ? (int)length : 0);
        byte[] buffer = new byte[1 << 16];
        for (int count; (count = stream.Read(buffer)) > 0; content.Write(buffer, 0, count))
        {
            if (content.Length + count > LargestFile)
                throw new InvalidDataException($"This is not an ONNX file of a model of this library: it has more than {LargestFile} bytes.");
        }
        return content.Length == content.Capacity ? content.GetBuffer() : content.ToArray();
    }

    private static Dictionary<string, T> Unique<T>(IEnumerable<T> items, Func<T, string> nameOf)
    {
        var result = new Dictionary<string, T>();
        foreach (T item in items)
        {
            if (!result.TryAdd(nameOf(item), item))
                throw new InvalidDataException("The model is damaged: it contains a name twice.");
        }
        return result;
    }
}
