using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>What a child process measures. Both sides get the same one, as JSON on the command line.</summary>
internal sealed record Workload
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Where the images, masks and models are.</summary>
    public required string Folder { get; init; }

    /// <summary>What to do; each side knows its own kinds.</summary>
    public required string Kind { get; init; }

    /// <summary>How to do it, where a side knows several ways.</summary>
    public string Variant { get; init; } = "";

    public int Threads { get; init; } = 2;

    /// <summary>Where the network is: cpu or cuda.</summary>
    public string Device { get; init; } = "cpu";

    public Backbone Backbone { get; init; } = Backbone.ResNet50;

    /// <summary>Height and width of what the network reads, in pixels.</summary>
    public int Size { get; init; } = 256;

    public int Classes { get; init; } = 21;

    public int Batch { get; init; } = 1;

    /// <summary>How many images the measured work has.</summary>
    public int Images { get; init; } = 8;

    /// <summary>
    /// How often the network runs before the measured work, on each side, if it is scoring: at least 16 images. Until then .NET compiles once more
    /// what it found to be called often, on the cores that the network would have.
    /// </summary>
    public int WarmUpRuns => Math.Max(2, 16 / Batch);

    public int Epochs { get; init; } = 1;

    public int Keys { get; init; } = 1;

    /// <summary>Where to write the first image's labels, a byte a pixel, so that the sides can be compared; null: nowhere.</summary>
    public string? LabelsFile { get; init; }

    /// <summary>torchvision has a dilated network for bottlenecks only.</summary>
    public int OutputStride => Backbone is Backbone.ResNet18 or Backbone.ResNet34 ? 32 : 8;

    [JsonIgnore]
    public string ImageFolder => Path.Combine(Folder, "images");

    [JsonIgnore]
    public string MaskFolder => Path.Combine(Folder, "masks");

    [JsonIgnore]
    public string KeyFile => Path.Combine(Folder, "key.pem");

    /// <summary>The files of the network, one for each format: zip, safetensors, onnx.</summary>
    public string ModelFile(string extension) => Path.Combine(Folder, $"{Backbone}-{Size}-{Classes}.{extension}");

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static Workload FromJson(string json) => JsonSerializer.Deserialize<Workload>(json, Json)
        ?? throw new InvalidDataException("The workload is empty.");
}
