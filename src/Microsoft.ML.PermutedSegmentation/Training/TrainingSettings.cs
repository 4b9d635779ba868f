using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// The options that a training's result depends on, by their names. How many epochs there are is not one of them: whatever an epoch
/// does depends on those before it only.
/// </summary>
internal sealed record TrainingSettings
{
    public required Backbone Backbone { get; init; }

    /// <summary>None without a key, and when it encrypts images.</summary>
    public required FeatureMaps FeatureMaps { get; init; }

    public required BlockScheme? ImageEncryption { get; init; }

    /// <summary>A digest of the initial weights; null when they are random.</summary>
    public required string? InitialWeights { get; init; }

    public required bool ReadInitialWeightsThroughPermutation { get; init; }
    public required int OutputStride { get; init; }
    public required int ImageHeight { get; init; }
    public required int ImageWidth { get; init; }
    public required int BatchSize { get; init; }
    public required int MicroBatchSize { get; init; }
    public required double LearningRate { get; init; }
    public required double MinimumLearningRate { get; init; }
    public required int RestartPeriod { get; init; }
    public required double Momentum { get; init; }
    public required double WeightDecay { get; init; }
    public required double MinimumCropArea { get; init; }

    /// <summary>Null when there is a validation set.</summary>
    public required double? ValidationFraction { get; init; }

    /// <summary>Images that are not in memory come in another order.</summary>
    public required int ImageCacheMegabytes { get; init; }

    /// <summary>The settings of a training.</summary>
    public static TrainingSettings Of(PermutedSegmentationTrainer.Options options, bool hasKey, BlockScheme? imageEncryption) => new()
    {
        Backbone = options.Backbone,
        FeatureMaps = hasKey && imageEncryption is null ? options.FeatureMaps : FeatureMaps.None,
        ImageEncryption = imageEncryption,
        InitialWeights = options.InitialWeights is { } initial ? DigestOf(initial) : null,
        ReadInitialWeightsThroughPermutation = options.ReadInitialWeightsThroughPermutation,
        OutputStride = options.OutputStride,
        ImageHeight = options.ImageHeight,
        ImageWidth = options.ImageWidth,
        BatchSize = options.BatchSize,
        MicroBatchSize = options.MicroBatchSize,
        LearningRate = options.LearningRate,
        MinimumLearningRate = options.MinimumLearningRate,
        RestartPeriod = options.RestartPeriod,
        Momentum = options.Momentum,
        WeightDecay = options.WeightDecay,
        MinimumCropArea = options.MinimumCropArea,
        ValidationFraction = options.ValidationSet is null ? options.ValidationFraction : null,
        ImageCacheMegabytes = options.ImageCacheMegabytes,
    };

    private static string DigestOf(SegmentationWeights weights)
    {
        using var use = weights.Use();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, Tensor value) in use.Value.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            using Tensor onCpu = value.cpu();
            using Tensor inOrder = onCpu.contiguous();
            hash.AppendData(Encoding.ASCII.GetBytes(name));
            hash.AppendData(inOrder.bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
