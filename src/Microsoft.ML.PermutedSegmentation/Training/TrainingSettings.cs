using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using static Microsoft.ML.PermutedSegmentation.PermutedSegmentationTrainer;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What a training's result depends on, by the names of the options: as a checkpoint keeps it, to be compared when the training goes on.</summary>
internal static class TrainingSettings
{
    /// <summary>
    /// The other options: a training may go on with another value of them. How many epochs there are is also one, where the learning rate starts again, since whatever an epoch does
    /// depends on those before it only; and when it ends early. A test refuses an option that is neither here nor in <see cref="Of"/>.
    /// </summary>
    public static IReadOnlyCollection<string> WithoutEffect { get; } =
    [
        nameof(Options.ImageColumnName), nameof(Options.LabelColumnName), nameof(Options.PredictedLabelColumnName), nameof(Options.ScoreColumnName),
        nameof(Options.StoreFingerprint), nameof(Options.Seal), nameof(Options.Patience), nameof(Options.InputWorkers), nameof(Options.ProcessGroup), nameof(Options.SynchronizeBatchNorm), nameof(Options.CheckpointPath), nameof(Options.Progress), nameof(Options.CancellationToken),
    ];

    /// <summary>The settings of a checkpoint with those that did not exist when it was written: all trainings had one value then.</summary>
    public static JsonObject Complete(JsonObject stored)
    {
        var settings = stored.DeepClone().AsObject();
        settings.TryAdd(nameof(Options.Network), $"{SegmentationNetwork.Fcn}");
        settings.TryAdd(nameof(Options.Optimizer), $"{SegmentationOptimizer.Sgd}");
        settings.TryAdd(nameof(Options.WarmupSteps), 0);
        settings.TryAdd(nameof(Options.WeightAveraging), 0.0);
        settings.TryAdd(nameof(Options.MixedPrecision), false);
        settings.TryAdd(nameof(Options.Loss), Members(SegmentationLoss.PlainCrossEntropy));
        settings.TryAdd(nameof(Options.Epochs), null);
        settings.TryAdd(nameof(Options.FrozenStages), 0);
        settings.TryAdd(nameof(Options.Scoring), $"{ScoringMode.Resize}");
        if (settings.Remove(nameof(Augmentation.MinimumCropArea), out JsonNode? area) && area is JsonValue number && number.TryGetValue(out double share))
            settings.TryAdd(nameof(Options.Augmentation), Members(new Augmentation { MinimumCropArea = share }));
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
            [nameof(options.FrozenStages)] = options.ChosenFrozenStages,
            [nameof(options.Scoring)] = $"{options.Scoring}",
            [nameof(options.OutputStride)] = options.OutputStride,
            [nameof(options.ImageHeight)] = options.ImageHeight,
            [nameof(options.ImageWidth)] = options.ImageWidth,
            [nameof(options.BatchSize)] = options.BatchSize,
            [nameof(options.MicroBatchSize)] = options.MicroBatchSize,
            [nameof(options.Epochs)] = options.RestartPeriod is null ? options.Epochs : null,
            [nameof(options.Optimizer)] = $"{options.Optimizer}",
            [nameof(options.WarmupSteps)] = options.WarmupSteps,
            [nameof(options.WeightAveraging)] = options.WeightAveraging,
            [nameof(options.MixedPrecision)] = options.MixedPrecision,
            [nameof(options.Loss)] = Members(options.Loss),
            [nameof(options.LearningRate)] = options.LearningRate,
            [nameof(options.MinimumLearningRate)] = options.MinimumLearningRate,
            [nameof(options.RestartPeriod)] = options.RestartPeriod,
            [nameof(options.Momentum)] = options.Momentum,
            [nameof(options.WeightDecay)] = options.WeightDecay,
            [nameof(options.Augmentation)] = Members(options.Augmentation),
            // Of no effect where there is a validation set.
            [nameof(options.ValidationFraction)] = options.ValidationSet is null ? options.ValidationFraction : null,
            // Images that are not in memory come in another order.
            [nameof(options.ImageCacheMegabytes)] = options.ImageCacheMegabytes,
        };
    }

    private static JsonNode? Members(Augmentation augmentation) => JsonSerializer.SerializeToNode(augmentation, CheckpointJson.Strict.Augmentation);

    private static JsonNode? Members(SegmentationLoss loss) => JsonSerializer.SerializeToNode(loss, CheckpointJson.Strict.SegmentationLoss);

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
