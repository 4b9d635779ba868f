using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using static Microsoft.ML.PermutedSegmentation.PermutedSegmentationTrainer;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What a training's result depends on, by the names of the options: as a checkpoint keeps it, to be compared when the training goes on.</summary>
internal static class TrainingSettings
{
    /// <summary>
    /// The other options: a training may go on with another value of them. How many epochs there are is one of them, since whatever an epoch does
    /// depends on those before it only. A test refuses an option that is neither here nor in <see cref="Of"/>.
    /// </summary>
    public static IReadOnlyCollection<string> WithoutEffect { get; } =
    [
        nameof(Options.ImageColumnName), nameof(Options.LabelColumnName), nameof(Options.PredictedLabelColumnName), nameof(Options.ScoreColumnName),
        nameof(Options.Epochs), nameof(Options.StoreFingerprint), nameof(Options.CheckpointPath), nameof(Options.Progress), nameof(Options.CancellationToken),
    ];

    /// <summary>The settings of a checkpoint with those that did not exist when it was written: all trainings had one value then.</summary>
    public static JsonObject Complete(JsonObject stored)
    {
        var settings = stored.DeepClone().AsObject();
        settings.TryAdd(nameof(Options.Network), $"{SegmentationNetwork.Fcn}");
        return settings;
    }

    /// <summary>The settings of a training.</summary>
    public static JsonObject Of(Options options, bool hasKey, ImageStep? imageStep)
    {
        return new JsonObject
        {
            [nameof(options.Network)] = $"{options.Network}",
            [nameof(options.Backbone)] = $"{options.ChosenBackbone}",
            // None without a key, and when it encrypts images.
            [nameof(options.FeatureMaps)] = $"{(hasKey && imageStep is null ? options.FeatureMaps : FeatureMaps.None)}",
            ["ImageEncryption"] = imageStep is null ? null : MembersOf(imageStep.Settings),
            [nameof(options.InitialWeights)] = options.InitialWeights is { } initial ? DigestOf(initial) : null,
            [InitialWeightsHook.Option] = options.InitialWeightsHook is not null,
            [nameof(options.OutputStride)] = options.ChosenOutputStride,
            [nameof(options.ImageHeight)] = options.ImageHeight,
            [nameof(options.ImageWidth)] = options.ImageWidth,
            [nameof(options.BatchSize)] = options.BatchSize,
            [nameof(options.MicroBatchSize)] = options.MicroBatchSize,
            [nameof(options.LearningRate)] = options.LearningRate,
            [nameof(options.MinimumLearningRate)] = options.MinimumLearningRate,
            [nameof(options.RestartPeriod)] = options.RestartPeriod,
            [nameof(options.Momentum)] = options.Momentum,
            [nameof(options.WeightDecay)] = options.WeightDecay,
            [nameof(options.MinimumCropArea)] = options.MinimumCropArea,
            // Of no effect where there is a validation set.
            [nameof(options.ValidationFraction)] = options.ValidationSet is null ? options.ValidationFraction : null,
            // Images that are not in memory come in another order.
            [nameof(options.ImageCacheMegabytes)] = options.ImageCacheMegabytes,
        };
    }

    // Of a step as of options, the names begin with capital letters.
    private static JsonObject MembersOf(string settings) => new(JsonNode.Parse(settings)!.AsObject()
        .Select(member => KeyValuePair.Create(char.ToUpperInvariant(member.Key[0]) + member.Key[1..], member.Value?.DeepClone())));

    private static string DigestOf(SegmentationWeights weights)
    {
        using var use = weights.Use();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, TorchSharp.torch.Tensor value) in use.Value.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.ASCII.GetBytes(name));
            value.UseBytes(hash.AppendData);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
