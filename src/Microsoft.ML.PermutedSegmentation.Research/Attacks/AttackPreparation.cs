using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>From what a caller of the catalog has to what attacks need, checked.</summary>
internal static class AttackPreparation
{
    // Decoded images of the attacker and of the test; all stay in memory.
    private const long LargestDecoded = 8L << 30;

    /// <summary>Checks the arguments of the catalog and runs all attacks.</summary>
    public static IReadOnlyList<AttackResult> Evaluate(
        IHostEnvironment environment, ITransformer model, IDataView attackerImages, IDataView testImages, PermutationKey key, AttackOptions options)
    {
        options.Validate();
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = ModelChain.Split(model);
        ModelDescription description = segmenter.Model.Description;
        if (segmenter.Model.EncryptsImages || (description.FeatureMaps == FeatureMaps.None && !description.IsSealed))
            throw new ArgumentException("No feature map of this model is protected by a key: there is nothing to attack.", nameof(model));
        KeyVerification.RefuseWrong(segmenter.Model.Matches(key), "model");
        if (options.PublicWeights is { IsLocked: true })
            throw new ArgumentException($"{nameof(options.PublicWeights)} are those of a locked model, which nobody trained anything from.", nameof(options));
        if (options.PublicWeights is { } known && known.Backbone != description.Backbone)
            throw new ArgumentException($"{nameof(options.PublicWeights)} are those of a {known.Backbone}, the model is a {description.Backbone}.", nameof(options));

        if (options.Methods.Any(method => method is AttackMethod.FineTuneAll or AttackMethod.TrainFromScratch or AttackMethod.FineTunePublicWeights or AttackMethod.OracleDistillation)
            && BatchStatistics.FindProblem(description.Layout, description.ImageHeight, description.ImageWidth, options.BatchSize) is { } problem)
            throw new ArgumentException($"{nameof(options.BatchSize)} is {options.BatchSize}: {problem}", nameof(options));

        using SegmentationModel locked = segmenter.Model.With(key: null), unlocked = segmenter.Model.With(key);
        var stolen = new StolenModel(locked, ComputeDevice.Choose(environment));
        Dictionary<FeatureMaps, int[]> right = description.PermutationsOf(key).ToDictionary();
        LabeledImage[] images = Read(attackerImages);
        using var test = new TestImages(Read(testImages), description, stolen.Device);
        int seed = environment.GetSeed() ?? Random.Shared.Next();
        return new AttackEvaluation(stolen, unlocked, images, test, right, options, seed).Run();

        LabeledImage[] Read(IDataView data) => Decode(
            before.Aggregate(data, (view, transformer) => transformer.Transform(view)), segmenter.Model, options);
    }

    private static LabeledImage[] Decode(IDataView data, SegmentationModel model, AttackOptions options)
    {
        var decoded = new DecodedImages(data, model.Columns.Image, options.LabelColumnName, LargestDecoded);
        if (decoded.ClassNames.Count != model.Description.ClassNames.Count)
            throw new ArgumentException($"Column '{options.LabelColumnName}' has {decoded.ClassNames.Count} classes, the model {model.Description.ClassNames.Count}; they must be the same.");
        decoded.ReadAll(_ => { }, options.CancellationToken);
        using RowPlaces places = decoded.Places(1, workers: 1);
        return decoded.Count > 0
            ? [.. decoded.Visit([.. Enumerable.Range(0, decoded.Count)], places).Select(visited => visited.Image is RowPlace place ? place.Keep(worker: 0) : (LabeledImage)visited.Image)]
            : throw new ArgumentException("The data has no rows; images with masks are needed.");
    }
}
