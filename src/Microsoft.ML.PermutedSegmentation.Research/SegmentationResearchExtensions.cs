namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What models are worth to someone without their key; reached by <c>mlContext.Segmentation()</c>.</summary>
public static class SegmentationResearchExtensions
{
    /// <summary>
    /// What a protected model is worth under the key conditions of the paper: with its key, without one, and with random keys
    /// (Table I). Layers below the lowest keyed map run once for all keys. A chain that encrypts images block by block is
    /// evaluated in the same way (Table II).
    /// </summary>
    /// <param name="catalog">The catalog, <c>mlContext.Segmentation()</c>.</param>
    /// <param name="model">A segmentation model, or a chain of transformers with one, for example after a block-wise encryption. It may be locked or unlocked.</param>
    /// <param name="data">Rows that the model reads, with true masks.</param>
    /// <param name="key">The model's key.</param>
    /// <param name="wrongKeyCount">How many random keys to try; the paper tries 100. With a seed in the context they are the same each time.</param>
    /// <param name="trainingData">Rows whose masks give the most frequent class of each pixel, as a baseline; null to leave it out.</param>
    /// <param name="labelColumnName">Column of true masks.</param>
    /// <param name="cancellationToken">Ends the evaluation with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="wrongKeyCount"/> is below 1, or a column is missing.</exception>
    /// <exception cref="ArgumentException">The model is not protected, or the masks have other classes.</exception>
    /// <exception cref="WrongKeyException">The key is another one.</exception>
    /// <exception cref="InvalidDataException">A row's image or mask cannot be read.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void; or the model only scores (<see cref="SegmentationCatalog.ForScoring"/>).</exception>
    public static AccessControlMetrics EvaluateAccessControl(
        this SegmentationCatalog catalog,
        ITransformer model,
        IDataView data,
        PermutationKey key,
        int wrongKeyCount = 100,
        IDataView? trainingData = null,
        string labelColumnName = ColumnNames.Label,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(key);
        return AccessControlEvaluation.Evaluate(catalog.Environment, model, data, key, wrongKeyCount, trainingData, labelColumnName, cancellationToken);
    }

    /// <summary>
    /// What a protected model is worth with random keys, the paper's condition Incorrect: as <see cref="EvaluateAccessControl"/>
    /// measures it, for callers who do not have the model's key. Layers below the lowest keyed map run once for all keys.
    /// </summary>
    /// <param name="catalog">The catalog, <c>mlContext.Segmentation()</c>.</param>
    /// <param name="model">A segmentation model, or a chain of transformers with one. It may be locked or unlocked.</param>
    /// <param name="data">Rows that the model reads, with true masks.</param>
    /// <param name="wrongKeyCount">How many random keys to try; the paper tries 100. With a seed in the context they are the same each time.</param>
    /// <param name="labelColumnName">Column of true masks.</param>
    /// <param name="progress">Is told, on the calling thread, how many images have been scored so far, each counted once for each key.</param>
    /// <param name="cancellationToken">Ends the evaluation with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="wrongKeyCount"/> is below 1, or a column is missing.</exception>
    /// <exception cref="ArgumentException">The model is not protected, or the masks have other classes.</exception>
    /// <exception cref="InvalidDataException">A row's image or mask cannot be read.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void; or the model only scores (<see cref="SegmentationCatalog.ForScoring"/>).</exception>
    public static WrongKeyMetrics EvaluateWrongKeys(
        this SegmentationCatalog catalog,
        ITransformer model,
        IDataView data,
        int wrongKeyCount = 100,
        string labelColumnName = ColumnNames.Label,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        return AccessControlEvaluation.EvaluateWrongKeys(catalog.Environment, model, data, wrongKeyCount, labelColumnName, progress, cancellationToken);
    }

    /// <summary>
    /// Measures what a stolen model is worth to someone who has its file and some labelled images but not the key, compared
    /// with what these images are worth without it.
    /// </summary>
    /// <remarks>
    /// A stolen model is worthless if training from its weights does no better than training from random weights
    /// (<see cref="AttackMethod.TrainFromScratch"/>), or from public ones (<see cref="AttackMethod.FineTunePublicWeights"/>). Takes as long as some
    /// trainings for each number of images.
    /// With a seed in the <see cref="MLContext"/> it is repeatable on the CPU.
    /// </remarks>
    /// <param name="catalog">The catalog, <c>mlContext.Segmentation()</c>.</param>
    /// <param name="model">A model of permuted feature maps, or a sealed one, locked or not, or a chain of transformers with one.</param>
    /// <param name="attackerImages">Rows with an image and a mask that the attacker has.</param>
    /// <param name="testImages">Rows with an image and a mask to evaluate the attacked models on.</param>
    /// <param name="key">The model's key. Partly right keys are made from it, and the unlocked copy that <see cref="AttackMethod.OracleDistillation"/> asks; no other attack uses it.</param>
    /// <param name="options">What attacks may use; by default <see cref="AttackOptions"/>'s own.</param>
    /// <returns>The results, in the order in which they were made.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The model has no keyed map and is not sealed, or the data does not fit the model.</exception>
    /// <exception cref="WrongKeyException">The key is another one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="InvalidDataException">A row's image or mask cannot be read, or they differ in size.</exception>
    /// <exception cref="InvalidOperationException">The model only scores (<see cref="SegmentationCatalog.ForScoring"/>).</exception>
    /// <exception cref="OperationCanceledException">The token of the options was cancelled.</exception>
    public static IReadOnlyList<AttackResult> EvaluateAttacks(
        this SegmentationCatalog catalog,
        ITransformer model, IDataView attackerImages, IDataView testImages, PermutationKey key, AttackOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(attackerImages);
        ArgumentNullException.ThrowIfNull(testImages);
        ArgumentNullException.ThrowIfNull(key);
        return AttackPreparation.Evaluate(catalog.Environment, model, attackerImages, testImages, key, options ?? new AttackOptions());
    }
}
