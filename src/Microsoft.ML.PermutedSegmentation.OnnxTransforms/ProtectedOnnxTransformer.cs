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
/// appended, tells (height, width), <c>Vector&lt;Int32, 2&gt;</c>. Each network has weights of its own in memory, besides the file. Rows are scored one by
/// one, when they are asked for. May be used from several threads at once. Holds native memory: dispose it, or the chain that it is part of, when done.
/// </remarks>
public sealed class ProtectedOnnxTransformer : SegmentationTransformer, ISavedTransformer<ProtectedOnnxTransformer>, IKeyedSegmenter, IDisposable
{
    internal const string LoaderSignature = "ProtectedOnnx";

    private static readonly SavedFormat Format = new("PROTONNX", LoaderSignature, typeof(ProtectedOnnxTransformer).Assembly.FullName!);

    private readonly IHost _host;
    private readonly OnnxContent _content;
    private readonly Lock _opening = new();
    private OnnxSegmenter? _segmenter; // null: not needed yet, or sealed and locked
    private bool _isDisposed;
    private int _saidLocked;

    /// <param name="environment">Where messages go.</param>
    /// <param name="columns">The columns that it reads and adds.</param>
    /// <param name="content">The file.</param>
    /// <param name="output">What it gives.</param>
    /// <param name="unlocked">Runs it with a key, or without if it needs none; from now on this object's. Null: it is locked.</param>
    internal ProtectedOnnxTransformer(IHostEnvironment environment, ModelColumns columns, OnnxContent content, MaskOutput output, OnnxSegmenter? unlocked)
        : base(Format)
    {
        _host = environment.Register(nameof(ProtectedOnnxTransformer));
        (Columns, _content, Output, _segmenter) = (columns, content, output, unlocked);
        IsUnlocked = unlocked is { IsUnlocked: true } || !content.IsProtected;
    }

    /// <summary>Whether a key has been given, right or wrong, or none is needed.</summary>
    public bool IsUnlocked { get; }

    /// <summary>Whether the file needs a key.</summary>
    public bool IsProtected => _content.IsProtected;

    /// <summary>Whether its tensors are encrypted: locked, it does not run.</summary>
    public bool IsSealed => _content.IsSealed;

    /// <summary>The classes, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames => Output.ClassNames;

    /// <summary>Height in pixels of the images that the network reads and, unless masks have the size of the image, of the masks.</summary>
    public int ImageHeight => Output.Height;

    /// <summary>Width of these images.</summary>
    public int ImageWidth => Output.Width;

    internal ModelColumns Columns { get; }

    internal MaskOutput Output { get; }

    static SavedFormat ISavedTransformer<ProtectedOnnxTransformer>.Format => Format;

    string IKeyedTransformer.Name => "ONNX model";

    string IKeyedSegmenter.PredictedLabelColumnName => Columns.PredictedLabel;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public override DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema, nameof(inputSchema)).Output;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">The model is sealed and locked.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public override IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new RowByRowView(input, Map(input.Schema, nameof(input)));
    }

    bool? IKeyedTransformer.Matches(PermutationKey key) => _content.Matches(key);

    IKeyedTransformer IKeyedTransformer.Unlock(PermutationKey key, bool verify)
    {
        RequireProtection();
        // The seal itself tells whether the key is the right one.
        if (!IsSealed)
            UnlockVerification.CheckUnlock(_host, _content.Matches(key), verify, "ONNX model", "Its predictions will not be what it was trained to give.");
        return With(key);
    }

    IKeyedTransformer IKeyedTransformer.Lock()
    {
        RequireProtection();
        return With(key: null);
    }

    IKeyedTransformer IKeyedTransformer.With(PermutationKey? key)
    {
        ProtectedOnnxTransformer other = With(key);
        other._saidLocked = 1;
        return other;
    }

    void IKeyedSegmenter.ThrowIfDisposed() => ThrowIfDisposed();

    static ProtectedOnnxTransformer ISavedTransformer<ProtectedOnnxTransformer>.Load(IHostEnvironment environment, TransformerReader reader)
    {
        try
        {
            var columns = new ModelColumns(reader.ReadText(), reader.ReadText(), reader.ReadText());
            MaskOutput output = OnnxFormat.ReadOutput(reader.Binary);
            return new ProtectedOnnxTransformer(environment, columns, OnnxContent.Read(reader, output.ClassNames), output, unlocked: null);
        }
        catch (Exception exception) when (exception is IOException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"The model is damaged: {exception.Message}", exception);
        }
    }

    /// <summary>Frees the network's native memory, once no other thread runs it any more. The transformer's properties remain usable.</summary>
    public void Dispose()
    {
        lock (_opening)
        {
            _isDisposed = true;
            _segmenter?.Dispose();
        }
    }

    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    internal void ThrowIfDisposed()
    {
        if (Volatile.Read(ref _isDisposed))
            throw DisposedModel.Exception(nameof(ProtectedOnnxTransformer));
    }

    /// <summary>The network, to score images.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    internal OnnxSegmenter ToScore()
    {
        SayWhenLocked();
        lock (_opening)
        {
            ThrowIfDisposed();
            return _segmenter ??= _content.Reopen(key: null, Output);
        }
    }

    private protected override void Save(TransformerWriter writer)
    {
        writer.WriteText(Columns.Image);
        writer.WriteText(Columns.PredictedLabel);
        writer.WriteText(Columns.Score);
        OnnxFormat.Write(Output, writer.Binary);
        _content.Write(writer);
    }

    private protected override IRowToRowMapper MakeRowMapper(DataViewSchema inputSchema) => Map(inputSchema, nameof(inputSchema));

    private ScoringRowMapper Map(DataViewSchema inputSchema, string parameter)
    {
        ScoringSchema schema = Bind(inputSchema, parameter);
        if (IsSealed && !IsUnlocked)
            throw new InvalidOperationException("This ONNX model is sealed: without its key it does not run. Unlock it with mlContext.Segmentation().Unlock(model, key).");
        return new ScoringRowMapper(schema, () => new OnnxImageScorer(this));
    }

    private ScoringSchema Bind(DataViewSchema inputSchema, string parameter)
    {
        ArgumentNullException.ThrowIfNull(inputSchema, parameter);
        ThrowIfDisposed();
        return new ScoringSchema(Output, Columns, inputSchema, parameter);
    }

    private ProtectedOnnxTransformer With(PermutationKey? key)
    {
        ThrowIfDisposed();
        return new ProtectedOnnxTransformer(_host, Columns, _content, Output, key is null || !IsProtected ? null : _content.Reopen(key, Output));
    }

    private void RequireProtection()
    {
        if (!IsProtected)
            throw new InvalidOperationException("This ONNX model is not protected: it needs no key.");
    }

    private void SayWhenLocked()
    {
        if (IsUnlocked || Interlocked.Exchange(ref _saidLocked, 1) != 0)
            return;
        using IChannel channel = _host.Start("Segmenting");
        channel.Warn("This ONNX model is locked: its labels are worthless. Unlock it with mlContext.Segmentation().Unlock(model, key).");
    }
}
