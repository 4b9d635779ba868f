using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Exports ML.NET models, and what is derived from their keys, to ONNX.</summary>
public static class OnnxSegmentationExtensions
{
    /// <summary>
    /// Writes a model as an ONNX file that any runtime in any language can use. It holds what the model's own file holds: the
    /// protected weights, and nothing of the key, whether the model is unlocked or not. To run it, the permutation of each keyed
    /// feature map is given as an input (<see cref="GetOnnxInputs"/>); with other permutations the labels are worthless.
    /// </summary>
    /// <remarks>
    /// <para>Operator set 18. Inputs: <c>image</c>, UInt8 [batch, height, width, 3], RGB of any size, which the graph resizes (with antialiasing, as
    /// Pillow's bilinear filter does); and for each keyed map m <c>permutation_m</c>, Int64 [channels], its α (Eq. 2), from 0. Without a key 0, 1, 2,
    /// ... is the paper's No-perm. Outputs, at the model's size: <c>labels</c>, UInt8 [batch, height, width], the class of each pixel from 0, which
    /// is one less than the key values of this library; and <c>probabilities</c>, if requested. The metadata names the classes, the keyed maps and
    /// the salt that permutations are derived with.</para>
    /// <para>The file of a model that scores by windows, or each image several times, says so in its metadata, and
    /// <see cref="OnnxSegmenter"/> does the same. Its graph is that of one window: <c>image</c> must have the model's size
    /// (<see cref="OnnxExportOptions.FixedSize"/>), and other programs place and blend windows themselves.</para>
    /// <para>Batch norm is folded into the convolutions, so scores differ from those of the model by rounding, and by more with
    /// <see cref="OnnxExportOptions.Int8"/>.</para>
    /// </remarks>
    /// <typeparam name="TModel">ML.NET's <c>ITransformer</c>.</typeparam>
    /// <param name="catalog">The catalog, <c>mlContext.Segmentation()</c>.</param>
    /// <param name="model">A segmentation model, or a chain of transformers with one; what comes before it is left out.</param>
    /// <param name="stream">Where to write; it stays open.</param>
    /// <param name="options">The inputs and outputs of the graph; null for bytes in and labels out.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="model"/> holds no segmentation model; or <see cref="OnnxExportOptions.Int8"/> has no image, or one that is transparent.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The network learned from encrypted images (<c>Trainers.BlockwiseEncrypted</c>); or it is sealed, and is locked or there is no
    /// <see cref="OnnxExportOptions.SealingKey"/>; or <see cref="OnnxExportOptions.Int8"/> is set, and it is not unlocked with its key, as far as a stored fingerprint tells, or computes no
    /// numbers; or the model only scores (<c>ForScoring</c>).
    /// </exception>
    /// <exception cref="FileNotFoundException">A file of <see cref="OnnxQuantization.FromFiles"/> is missing.</exception>
    /// <exception cref="InvalidDataException">A file of <see cref="OnnxQuantization.FromFiles"/> is no image that can be read.</exception>
    /// <exception cref="WrongKeyException">The <see cref="OnnxExportOptions.SealingKey"/> is not the key of the protected model.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public static void ExportToOnnx<TModel>(this IModelContents<TModel> catalog, TModel model, Stream stream, OnnxExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(stream);
        ModelContents contents = catalog.GetContents(model);
        if (contents.Description.Protection?.ImageStep is not null)
            throw new InvalidOperationException("The network of this model learned from images that are encrypted block by block. An ONNX file would need images encrypted in the same way; only models without block-wise encryption are exported.");
        options ??= new OnnxExportOptions();
        if (contents.Description.IsSealed && options.SealingKey is null)
            throw new InvalidOperationException("The weights of this model are sealed, and an ONNX file would hold them open. Give OnnxExportOptions.SealingKey, so that the file is sealed, too; or unprotect the model before.");
        if (options.SealingKey is { } key)
            KeyVerification.RefuseWrong(contents.Description.Matches(key), "model");
        Write(contents, stream, options);
    }

    /// <summary>
    /// The inputs that an exported ONNX model needs from its key: for each keyed feature map m, under the name
    /// <c>permutation_m</c>, its permutation α (Eq. 2), from 0. They are as secret as the key.
    /// </summary>
    /// <param name="key">The model's key. Any other key gives other permutations, and worthless labels.</param>
    /// <param name="metadata">The metadata of the file: <c>session.ModelMetadata.CustomMetadataMap</c> in ONNX Runtime.</param>
    /// <param name="verify">Whether to throw if the key is not known to be the right one.</param>
    /// <returns>No inputs for an unprotected model.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidDataException">The metadata is not that of an exported model.</exception>
    /// <exception cref="WrongKeyException"><paramref name="verify"/> is set, and the key is another one.</exception>
    /// <exception cref="InvalidOperationException"><paramref name="verify"/> is set, and the model stores no fingerprint.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static IReadOnlyDictionary<string, long[]> GetOnnxInputs(this PermutationKey key, IReadOnlyDictionary<string, string> metadata, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(metadata);
        ModelDescription description = ModelMetadata.Read(metadata);
        if (verify && description.IsProtected)
            description.Require(key, "get its inputs without verifying");
        return description.PermutationsOf(key).ToDictionary(
            entry => NetworkGraph.InputOf(description.Layout.Find(entry.Key)), entry => Array.ConvertAll(entry.Value, channel => (long)channel));
    }

    private static void Write(ModelContents model, Stream stream, OnnxExportOptions options)
    {
        ModelDescription description = model.Description;
        NetworkLayout layout = description.Layout;
        // A graph that resizes would not give what the model gives.
        if (!description.ScoresResizedImages)
            options = new OnnxExportOptions { Probabilities = options.Probabilities, FixedSize = true, SealingKey = options.SealingKey, Int8 = options.Int8 };
        IReadOnlyDictionary<string, TensorProto> tensors = FoldedWeights.Of(layout, name => model.Weights[name]);
        if (options.Int8 is { } quantization)
            tensors = NetworkQuantizer.Quantize(model, tensors, quantization.Images);
        var weights = new OnnxWeights(tensors, protection: null);
        GraphProto graph = NetworkGraph.ForFile(
            layout, description.ImageHeight, description.ImageWidth, weights, description.FeatureMaps, options);
        OnnxFile.Write(stream, OnnxFile.CreateModel(graph, description), options.SealingKey, storeFingerprint: !description.IsProtected || !description.Protection!.Fingerprint.IsEmpty);
    }
}
