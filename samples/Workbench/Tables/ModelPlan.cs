using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Tables;

/// <summary>A model of the tables before it is made.</summary>
/// <param name="Name">Its name in files and tables.</param>
/// <param name="FeatureMaps">The maps that the key permutes.</param>
/// <param name="Method">How images are encrypted; null when they are not.</param>
/// <param name="BlockSize">Height and width of an encrypted block in pixels; null without encryption.</param>
/// <param name="TrainedAs">The model whose training it shares: its own name unless it is protected afterwards.</param>
internal sealed record ModelPlan(string Name, FeatureMaps FeatureMaps, BlockTransformMethod? Method, int? BlockSize, string TrainedAs)
{
    public const string Baseline = "baseline", AllMaps = "all-maps";

    /// <summary>The encryptions of Table II by the paper's names, in its order.</summary>
    public static readonly IReadOnlyList<(string Name, BlockTransformMethod Method, string Meaning)> Methods =
    [
        ("SHF", BlockTransformMethod.Shuffle, "pixel shuffling"),
        ("NP", BlockTransformMethod.NegativePositive, "negative/positive transformation"),
        ("FFX", BlockTransformMethod.FormatPreserving, "format-preserving encryption"),
    ];

    public bool IsBaseline => Name == Baseline;

    public bool IsTrained => Name == TrainedAs;

    /// <summary>The baseline, a model for each feature map, and one for all maps together.</summary>
    /// <param name="literal">Whether each is trained on its own; else the baseline is trained and the others are protected afterwards.</param>
    public static IEnumerable<ModelPlan> TableI(bool literal)
    {
        yield return new ModelPlan(Baseline, FeatureMaps.None, null, null, Baseline);
        foreach (var map in FeatureMaps.All.Each())
            yield return Protected(PermutedName(map.Number()), map);
        yield return Protected(AllMaps, FeatureMaps.All);

        ModelPlan Protected(string name, FeatureMaps maps) => new(name, maps, null, null, literal ? name : Baseline);
    }

    /// <summary>A model for each encryption of images, by method and then by block size.</summary>
    /// <exception cref="InvalidDataException">Blocks of a size do not fill the image.</exception>
    public static IEnumerable<ModelPlan> TableII(IReadOnlyList<int> blockSizes, TablesSettings settings)
    {
        foreach (var blockSize in blockSizes)
            if (settings.ImageHeight % blockSize != 0 || settings.ImageWidth % blockSize != 0)
                throw new InvalidDataException($"The block size {blockSize} does not divide the image size {settings.ImageHeight}x{settings.ImageWidth}.");
        return from encryption in Methods
               from blockSize in blockSizes
               let name = EncryptedName(encryption.Name, blockSize)
               select new ModelPlan(name, FeatureMaps.None, encryption.Method, blockSize, name);
    }

    public static string PermutedName(int map) => $"model-{map}";

    public static string EncryptedName(string method, int blockSize) => $"{method.ToLowerInvariant()}-{blockSize}";

    public IEstimator<PermutedSegmentationTransformer> CreateTrainer(MLContext mlContext, PermutationKey key, PermutedSegmentationTrainer.Options options)
    {
        var trainers = mlContext.Segmentation().Trainers;
        if (Method is { } method)
            return trainers.BlockwiseEncrypted(key, method, BlockSize!.Value, options);
        if (IsBaseline)
            return trainers.Fcn(options);
        options.FeatureMaps = FeatureMaps;
        options.ReadInitialWeightsThroughPermutation = true;
        return trainers.Permuted(key, options);
    }
}
