using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// How models were stored before they became safetensors files (<see cref="ModelFormat"/>), and are still read: the length of the description
/// (Int32), the description (JSON), the tensors (little-endian Single) without names, what is learned before the statistics of batch norm, and the SHA-256 of it all.
/// </summary>
internal static class OldModelFormat
{
    /// <summary>The only step that images could go through.</summary>
    public const string EncryptionStep = "block-wise encryption";

    private const int LargestDescription = 1 << 20;

    /// <summary>Reads the head of a model.</summary>
    /// <param name="stream">Where it begins; it need not be seekable, and stays the caller's.</param>
    /// <param name="length">How many bytes it is said to have.</param>
    /// <exception cref="InvalidDataException">It is not a model, or is damaged.</exception>
    public static StoredModel Open(Stream stream, long length)
    {
        try
        {
            byte[] prefix = new byte[sizeof(int)];
            stream.ReadExactly(prefix);
            int size = BinaryPrimitives.ReadInt32LittleEndian(prefix);
            if (size is <= 0 or > LargestDescription)
                throw new InvalidDataException($"The model is damaged: its description would have {size} bytes.");
            byte[] json = new byte[size];
            stream.ReadExactly(json);
            Stored stored = JsonSerializer.Deserialize(json, OldModelJson.Strict.Stored) ?? throw new JsonException("It is empty.");
            ModelDescription description = stored.Describe();
            (string Name, IReadOnlyList<long> Shape)[] weights = [.. description.Layout.Parameters.OrderBy(parameter => !parameter.IsLearned).Select(parameter => (parameter.Name, parameter.Shape))];
            long expected = prefix.Length + size + SHA256.HashSizeInBytes
                + weights.Sum(weight => weight.Shape.Aggregate((long)sizeof(float), (product, side) => product * side));
            if (length != expected)
                throw new InvalidDataException($"The model is damaged: it has {length} bytes, but {expected} belong to {description.Backbone} with {description.ClassNames.Count} classes.");
            return new StoredModel(stream, [.. prefix, .. json], description, stored.Columns(), weights);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidDataException("The model is damaged: it ends too early.", exception);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"The model's description is damaged: {exception.Message}", exception);
        }
    }

    internal sealed record Stored
    {
        public required Backbone Backbone { get; init; }
        public required int OutputStride { get; init; }
        public required int ImageHeight { get; init; }
        public required int ImageWidth { get; init; }
        public required IReadOnlyList<string> ClassNames { get; init; }
        public required FeatureMaps FeatureMaps { get; init; }
        public JsonElement? ImageEncryption { get; init; }
        public byte[]? Salt { get; init; }
        public byte[]? Fingerprint { get; init; }
        public required string ImageColumnName { get; init; }
        public required string PredictedLabelColumnName { get; init; }
        public required string ScoreColumnName { get; init; }

        public ModelDescription Describe()
        {
            var plain = new ModelDescription(SegmentationNetwork.Fcn, Backbone, OutputStride, ImageHeight, ImageWidth, ClassNames);
            ImageStep? step = ImageEncryption is { ValueKind: not JsonValueKind.Null } settings ? new ImageStep(EncryptionStep, settings.GetRawText()) : null;
            return FeatureMaps == FeatureMaps.None && step is null && Salt is null && Fingerprint is null
                ? plain
                : plain.With(new ModelProtection(FeatureMaps, step, Salt, Fingerprint));
        }

        // By the names that they have today.
        public Dictionary<string, string> Columns() => new()
        {
            ["image_column"] = ImageColumnName,
            ["predicted_label_column"] = PredictedLabelColumnName,
            ["score_column"] = ScoreColumnName,
        };
    }
}

/// <summary>How the description in an old file is read. Without reflection, which trimmed applications switch off.</summary>
[JsonSerializable(typeof(OldModelFormat.Stored))]
internal sealed partial class OldModelJson : JsonSerializerContext
{
    public static OldModelJson Strict { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter<Backbone>(allowIntegerValues: false), new JsonStringEnumConverter<FeatureMaps>(allowIntegerValues: false) },
    });
}
