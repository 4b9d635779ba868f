using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>ONNX files as steps of a pipeline; reached by <c>mlContext.Segmentation().Transforms</c>.</summary>
public static class OnnxTransformsExtensions
{
    /// <summary>
    /// Segments images with an ONNX file: one that <see cref="OnnxProtection"/> has protected, an export of this library, or a plain one. It runs in
    /// ONNX Runtime, and the weights that the key puts in order are in memory only. See <see cref="ProtectedOnnxTransformer"/> for the columns that it adds.
    /// </summary>
    /// <remarks>Saved, the model holds the file as it is: protected. Loaded, it is locked, and <c>Unlock</c> unlocks it.</remarks>
    /// <param name="transforms">The transforms, <c>mlContext.Segmentation().Transforms</c>.</param>
    /// <param name="path">The file. It is read now and not needed afterwards, unless it keeps tensors in files beside it.</param>
    /// <param name="key">Its key, which is not kept; null for a plain file, or to run a permuted one locked, to worthless labels.</param>
    /// <param name="model">What the graph does not say of images and labels, copied; not for exports of this library, which say everything.</param>
    /// <param name="imageColumnName">The column of images.</param>
    /// <param name="predictedLabelColumnName">The column of predicted masks to add.</param>
    /// <param name="scoreColumnName">The column of class probabilities to add.</param>
    /// <param name="verify">Whether to refuse a key that is not known to be the right one; a sealed file always does.</param>
    /// <exception cref="ArgumentNullException"><paramref name="transforms"/> or <paramref name="path"/> is null.</exception>
    /// <exception cref="ArgumentException">The path or the name of a column is empty, two columns have one name, or <paramref name="model"/> is given for an export of this library.</exception>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or it is damaged; the message says what it is.</exception>
    /// <exception cref="WrongKeyException">The file has another key.</exception>
    /// <exception cref="InvalidOperationException">
    /// <paramref name="model"/> leaves out what the graph does not say; or there is a key, but the file is not protected, or stores no fingerprint and
    /// <paramref name="verify"/> is set; or there is no key, but the file is sealed.
    /// </exception>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime cannot run the model.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static ProtectedOnnxEstimator ApplyProtectedOnnx(
        this SegmentationTransformsCatalog transforms,
        string path,
        PermutationKey? key = null,
        OnnxModelOptions? model = null,
        string imageColumnName = ColumnNames.Image,
        string predictedLabelColumnName = ColumnNames.PredictedLabel,
        string scoreColumnName = ColumnNames.Score,
        bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        var columns = new ModelColumns(imageColumnName, predictedLabelColumnName, scoreColumnName);
        if (predictedLabelColumnName == scoreColumnName)
            throw new ArgumentException($"Masks and scores need columns of different names; both are '{scoreColumnName}'.", nameof(scoreColumnName));
        OnnxContent content = OnnxContent.Read(path, model);
        OnnxSegmenter segmenter = OnnxProtection.Naming(path, () => content.Open(key, verify));
        return new ProtectedOnnxEstimator(new ProtectedOnnxTransformer(transforms.Environment, columns, content, content.OutputOf(segmenter), segmenter));
    }
}
