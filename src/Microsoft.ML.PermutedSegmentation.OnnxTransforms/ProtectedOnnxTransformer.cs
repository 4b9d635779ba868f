using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Microsoft.ML.Runtime;

[assembly: SavedTransformer<ProtectedOnnxTransformer, ProtectedOnnxTransformer>(ProtectedOnnxTransformer.LoaderSignature)]

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Labels each pixel of an image with its class, with an ONNX file of any origin; made by <see cref="ProtectedOnnxEstimator"/>. Locked, as after
/// loading, a permuted file gives worthless labels (the paper's No-perm), and a sealed one none.
/// </summary>
/// <remarks>
/// Adds the columns of this library's own models: the predicted labels, <c>Vector&lt;Key&lt;byte&gt;, height, width&gt;</c> (class k is key value
/// k + 1), and the class probabilities, <c>Vector&lt;Single, classes, height, width&gt;</c>, unless the network gives labels only. With
/// <see cref="OnnxModelOptions.MasksOfImageSize"/> the vectors have no fixed size, and another column, named after that of the labels with "Size"
/// appended, tells (height, width), <c>Vector&lt;Int32, 2&gt;</c>. Each network has weights of its own in memory, besides the file. May be used from
/// several threads at once. Holds native memory: dispose it, or the chain that it is part of, when done.
/// </remarks>
public sealed class ProtectedOnnxTransformer : SegmentationRowTransformer, ISavedTransformer<ProtectedOnnxTransformer>, IKeyedTransformer, IKeyedSegmenter, IDisposable
{
    internal const string LoaderSignature = "ProtectedOnnx";

    private static readonly SavedFormat Format = new("PROTONNX", LoaderSignature, typeof(ProtectedOnnxTransformer).Assembly.FullName!);

    private readonly OnnxContent _content;
    private readonly OnnxSegmenter? _segmenter; // null: sealed and locked
    private int _saidLocked;

    /// <param name="environment">Where messages go.</param>
    /// <param name="columns">The columns that it reads and adds.</param>
    /// <param name="content">The file.</param>
    /// <param name="output">What it gives.</param>
    /// <param name="segmenter">Runs it; null: it is sealed and locked. From now on this object's.</param>
    internal ProtectedOnnxTransformer(IHostEnvironment environment, ModelColumns columns, OnnxContent content, OnnxOutput output, OnnxSegmenter? segmenter)
        : base(environment, nameof(ProtectedOnnxTransformer), Format) => (Columns, _content, Output, _segmenter) = (columns, content, output, segmenter);

    /// <summary>Whether a key has been given, right or wrong, or none is needed.</summary>
    public bool IsUnlocked => _segmenter is { IsUnlocked: true };

    /// <summary>Whether the file needs a key.</summary>
    public bool IsProtected => _content.IsProtected;

    /// <summary>Whether its tensors are encrypted: locked, it does not run.</summary>
    public bool IsSealed => _content.IsSealed;

    /// <summary>The classes, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames => Output.ClassNames;

    /// <summary>Height in pixels of the images that the network reads and, unless masks have the size of the image, of the masks.</summary>
    public int ImageHeight => Output.ImageHeight;

    /// <summary>Width of these images.</summary>
    public int ImageWidth => Output.ImageWidth;

    internal ModelColumns Columns { get; }

    internal OnnxOutput Output { get; }

    static SavedFormat ISavedTransformer<ProtectedOnnxTransformer>.Format => Format;

    string IKeyedTransformer.Name => "ONNX model";

    string IKeyedSegmenter.PredictedLabelColumnName => Columns.PredictedLabel;

    bool? IKeyedTransformer.Matches(PermutationKey key) => _content.Matches(key);

    bool? IKeyedSegmenter.Matches(PermutationKey key) => _content.Matches(key);

    IKeyedTransformer IKeyedTransformer.Unlock(PermutationKey key, bool verify)
    {
        if (!IsProtected)
            throw new InvalidOperationException("This ONNX model is not protected: it needs no key.");
        // The seal itself tells whether the key is the right one.
        if (!IsSealed)
            UnlockVerification.CheckUnlock(OwnHost, _content.Matches(key), verify, "ONNX model", "Its predictions will not be what it was trained to give.");
        return With(key);
    }

    IKeyedTransformer IKeyedTransformer.With(PermutationKey? key) => With(key);

    IKeyedSegmenter IKeyedSegmenter.With(PermutationKey? key)
    {
        ProtectedOnnxTransformer other = With(key);
        other._saidLocked = 1;
        return other;
    }

    static ProtectedOnnxTransformer ISavedTransformer<ProtectedOnnxTransformer>.Load(IHostEnvironment environment, TransformerReader reader)
    {
        var columns = new ModelColumns(reader.ReadText(), reader.ReadText(), reader.ReadText());
        OnnxOutput output = OnnxOutput.Read(reader.Binary);
        OnnxContent content = OnnxContent.Read(reader, output.ClassNames);
        return new ProtectedOnnxTransformer(environment, columns, content, output, content.IsSealed ? null : Open(content, output, key: null));
    }

    /// <summary>Frees the network's native memory, once no other thread runs it any more.</summary>
    public void Dispose() => _segmenter?.Dispose();

    private protected override void Save(TransformerWriter writer)
    {
        writer.WriteText(Columns.Image);
        writer.WriteText(Columns.PredictedLabel);
        writer.WriteText(Columns.Score);
        Output.Write(writer.Binary);
        _content.Write(writer);
    }

    private protected override IColumnMaker MakeColumns(DataViewSchema inputSchema) => new OnnxColumns(this, inputSchema);

    /// <summary>The network, to score an image.</summary>
    /// <exception cref="InvalidOperationException">It is sealed and locked.</exception>
    internal OnnxSegmenter ToScore()
    {
        if (_segmenter is null)
            throw new InvalidOperationException("This ONNX model is sealed: without its key it does not run. Unlock it with mlContext.Segmentation().Unlock(model, key).");
        if (!IsUnlocked && Interlocked.Exchange(ref _saidLocked, 1) == 0)
        {
            using IChannel channel = OwnHost.Start("Segmenting");
            channel.Warn("This ONNX model is locked: its labels are worthless. Unlock it with mlContext.Segmentation().Unlock(model, key).");
        }
        return _segmenter;
    }

    private ProtectedOnnxTransformer With(PermutationKey? key)
        => new(OwnHost, Columns, _content, Output, key is null && IsSealed ? null : Open(_content, Output, key));

    private static OnnxSegmenter Open(OnnxContent content, OnnxOutput output, PermutationKey? key)
    {
        OnnxSegmenter segmenter = content.Open(key, verify: false);
        if (OnnxOutput.Of(segmenter, content.Options).IsSameAs(output))
            return segmenter;
        segmenter.Dispose();
        throw new InvalidDataException("The model is damaged: its ONNX file gives other classes or sizes than it says.");
    }
}
