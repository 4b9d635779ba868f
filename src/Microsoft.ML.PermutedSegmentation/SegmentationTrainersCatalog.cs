namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Trainers for semantic segmentation; reached by <c>mlContext.Segmentation().Trainers</c>.</summary>
public sealed class SegmentationTrainersCatalog
{
    internal SegmentationTrainersCatalog(MLContext environment) => Environment = environment;

    internal MLContext Environment { get; }

    /// <summary>A fully convolutional network whose model is useless without the key.</summary>
    /// <param name="key">The secret. It is needed until <c>Fit</c> has returned and is not stored.</param>
    /// <param name="featureMaps">The feature maps to permute; fewer maps protect less, and do not cost less.</param>
    /// <param name="labelColumnName">Column of masks, as <c>LoadMasks</c> makes it.</param>
    /// <param name="imageColumnName">Column of images, as <c>mlContext.Transforms.LoadImages</c> makes it.</param>
    /// <param name="initialWeights">Weights to start from, such as <c>PretrainedBackbone.ResNet18()</c>, which make a much better model of few images; null for random ones.</param>
    /// <param name="epochs">How often each image is seen; null for a number that suits the data.</param>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    /// <exception cref="ArgumentException">Two columns have the same name.</exception>
    public PermutedSegmentationTrainer Permuted(
        PermutationKey key,
        FeatureMaps featureMaps = FeatureMaps.All,
        string labelColumnName = ColumnNames.Label,
        string imageColumnName = ColumnNames.Image,
        SegmentationWeights? initialWeights = null,
        int? epochs = null)
        => Permuted(key, new PermutedSegmentationTrainer.Options
        {
            FeatureMaps = featureMaps,
            LabelColumnName = labelColumnName,
            ImageColumnName = imageColumnName,
            InitialWeights = initialWeights,
            Epochs = epochs,
        });

    /// <summary>A fully convolutional network whose model is useless without the key.</summary>
    /// <param name="key">The secret. It is needed until <c>Fit</c> has returned and is not stored.</param>
    /// <param name="options">All settings; they are copied, so later changes do not affect this trainer.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">The initial weights are those of a locked model, or of another backbone; or two columns have the same name.</exception>
    public PermutedSegmentationTrainer Permuted(PermutationKey key, PermutedSegmentationTrainer.Options options)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new PermutedSegmentationTrainer(Environment, key, options);
    }

    /// <summary>The same network without protection: the baseline.</summary>
    /// <param name="labelColumnName">Column of masks, as <c>LoadMasks</c> makes it.</param>
    /// <param name="imageColumnName">Column of images, as <c>mlContext.Transforms.LoadImages</c> makes it.</param>
    /// <param name="initialWeights">Weights to start from, such as <c>PretrainedBackbone.ResNet18()</c>, which make a much better model of few images; null for random ones.</param>
    /// <param name="epochs">How often each image is seen; null for a number that suits the data.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    /// <exception cref="ArgumentException">Two columns have the same name.</exception>
    public PermutedSegmentationTrainer Fcn(
        string labelColumnName = ColumnNames.Label,
        string imageColumnName = ColumnNames.Image,
        SegmentationWeights? initialWeights = null,
        int? epochs = null)
        => Fcn(new PermutedSegmentationTrainer.Options
        {
            LabelColumnName = labelColumnName,
            ImageColumnName = imageColumnName,
            InitialWeights = initialWeights,
            Epochs = epochs,
        });

    /// <summary>The same network without protection: the baseline.</summary>
    /// <param name="options">Everything that can be set, which is copied; <c>FeatureMaps</c> is not used.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">
    /// The initial weights are those of a locked model or of another backbone, or they should be read through a permutation; or two columns
    /// have the same name.
    /// </exception>
    public PermutedSegmentationTrainer Fcn(PermutedSegmentationTrainer.Options options) => new(Environment, key: null, options);
}
