using System.Text.Json;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>What a protected ONNX file says of its protection, in its metadata (docs/onnx-protection.md).</summary>
/// <param name="Salt">Its salt.</param>
/// <param name="Fingerprint">The key's; null when it is not stored.</param>
/// <param name="Layers">The permuted tensors in the order of the file; null: the file is sealed.</param>
internal sealed record ProtectionTag(byte[] Salt, byte[]? Fingerprint, IReadOnlyList<KeyedTensor>? Layers)
{
    /// <summary>The metadata that a sealed file ends with.</summary>
    public const string Digest = Prefix + "hmac";

    private const string Prefix = "permuted_segmentation.";
    private const string Kind = Prefix + "protection", SaltName = Prefix + "salt", FingerprintName = Prefix + "fingerprint", LayersName = Prefix + "layers";
    private const string Permuted = "permuted/1", Sealed = "sealed/1";

    /// <summary>Bytes of a salt and of a fingerprint.</summary>
    public const int SaltSize = 16, FingerprintSize = 8;

    public bool IsSealed => Layers is null;

    /// <summary>Reads the tag of a file; null when it is not protected.</summary>
    /// <exception cref="InvalidDataException">The tag is damaged.</exception>
    public static ProtectionTag? Read(ModelProto model)
    {
        var entries = new Dictionary<string, string>();
        foreach (StringStringEntryProto entry in model.MetadataProps.Where(entry => entry.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (!entries.TryAdd(entry.Key, entry.Value))
                throw new InvalidDataException($"The model is damaged: its metadata has '{entry.Key}' twice.");
        }
        if (entries.Count == 0)
            return null;
        string kind = entries.GetValueOrDefault(Kind, "");
        if (kind is not (Permuted or Sealed))
            throw new InvalidDataException($"The model is damaged, or a later version of the library protected it: its metadata '{Kind}' is neither '{Permuted}' nor '{Sealed}'.");
        byte[] salt = Hex(SaltName, SaltSize) ?? throw new InvalidDataException($"The model is damaged: its metadata '{SaltName}' is missing.");
        return new ProtectionTag(salt, Hex(FingerprintName, FingerprintSize), kind == Sealed ? null : ReadLayers(entries.GetValueOrDefault(LayersName, "")));

        byte[]? Hex(string name, int size)
        {
            if (!entries.TryGetValue(name, out string? text))
                return null;
            byte[] bytes = new byte[size];
            return TryReadHex(text, bytes)
                ? bytes : throw new InvalidDataException($"The model is damaged: its metadata '{name}' has not {size} bytes in hexadecimal.");
        }
    }

    /// <summary>Reads as many bytes as there is room for; false if the text is not these in hexadecimal.</summary>
    public static bool TryReadHex(string text, Span<byte> bytes) =>
        text.Length == 2 * bytes.Length && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;

    /// <summary>Puts the tag into a file.</summary>
    public void Write(ModelProto model)
    {
        Add(Kind, IsSealed ? Sealed : Permuted);
        Add(SaltName, Convert.ToHexStringLower(Salt));
        if (Fingerprint is not null)
            Add(FingerprintName, Convert.ToHexStringLower(Fingerprint));
        if (Layers is not null)
            Add(LayersName, JsonSerializer.Serialize([.. Layers], KeyedTensorJson.Default.KeyedTensorArray));

        void Add(string key, string value) => model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    /// <summary>Takes the tag out of a file.</summary>
    public static void Remove(ModelProto model)
    {
        StringStringEntryProto[] kept = [.. model.MetadataProps.Where(entry => !entry.Key.StartsWith(Prefix, StringComparison.Ordinal))];
        model.MetadataProps.Clear();
        model.MetadataProps.Add(kept);
    }

    private static IReadOnlyList<KeyedTensor> ReadLayers(string text)
    {
        try
        {
            if (JsonSerializer.Deserialize(text, KeyedTensorJson.Default.KeyedTensorArray) is { Length: > 0 } layers && Array.TrueForAll(layers, layer => layer is { Tensor: not null }))
                return layers;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"The model is damaged: its metadata '{LayersName}' is not what it should be: {exception.Message}", exception);
        }
        throw new InvalidDataException($"The model is damaged: its metadata '{LayersName}' names no layers.");
    }
}
