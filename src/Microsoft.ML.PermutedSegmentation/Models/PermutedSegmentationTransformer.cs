using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Microsoft.ML.Runtime;
using TorchSharp;

[assembly: SavedTransformer<PermutedSegmentationTransformer, PermutedSegmentationTransformer>(PermutedSegmentationTransformer.LoaderSignature)]

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Labels each pixel of an image with its class. A protected model does so only when unlocked with its key. A locked one still
/// scores (the paper's No-perm and Plain, Tables I and II), but its labels are not those that it was trained to give:
/// worthless when feature maps are permuted.
/// </summary>
/// <remarks>
/// Adds two columns: the predicted labels, <c>Vector&lt;Key&lt;byte&gt;, height, width&gt;</c> (class k is key value k + 1), and the
/// class probabilities, <c>Vector&lt;Single, classes, height, width&gt;</c>, which cost nothing unless requested. With
/// <see cref="ScoringMode.SlidingWindow"/> masks have the image's size: the vectors have no fixed size, and a third column, named after that of the
/// labels with "Size" appended, tells (height, width), <c>Vector&lt;Int32, 2&gt;</c>. May be used from several threads at once. Holds native memory: dispose it, or the chain that it is part of, when done.
/// </remarks>
public sealed partial class PermutedSegmentationTransformer : SegmentationTransformer, ISavedTransformer<PermutedSegmentationTransformer>, IKeyedSegmenter, IDisposable
{
    internal const string LoaderSignature = "PermutedSegmentation";

    private static readonly SavedFormat Format = new("PERMSEGM", LoaderSignature, typeof(PermutedSegmentationTransformer).Assembly.FullName!, Version: 2); // a safetensors file

    private readonly IHost _host;
    private readonly torch.Device _device;
    private int _saidLocked;

    internal PermutedSegmentationTransformer(IHostEnvironment environment, SegmentationModel model, bool saysWhenLocked = true)
        : this(environment, model, ComputeDevice.Choose(environment), saysWhenLocked)
    {
    }

    private PermutedSegmentationTransformer(IHostEnvironment environment, SegmentationModel model, torch.Device device, bool saysWhenLocked)
        : base(Format)
    {
        _saidLocked = saysWhenLocked ? 0 : 1;
        _host = environment.Register(nameof(PermutedSegmentationTransformer));
        _device = device;
        Model = model;
        using var use = model.Use();
        use.Value.MoveTo(_device);
    }

    /// <summary>Whether the model scores at full capacity: a key has been given, right or wrong, or none is needed.</summary>
    public bool IsUnlocked => Model.IsUnlocked;

    /// <summary>
    /// The numbers in which it scores here (<see cref="SegmentationCatalog.WithPrecision"/>), never <see cref="ScoringPrecision.Auto"/>. A file does
    /// not hold it: a loaded model scores in <see cref="ScoringPrecision.Single"/>.
    /// </summary>
    public ScoringPrecision Precision => Model.Running.Precision;

    /// <summary>How many threads read images for it here (<see cref="SegmentationCatalog.WithInputWorkers"/>); null: as many as it leaves cores idle.</summary>
    public int? InputWorkers => Model.Running.InputWorkers;

    internal SegmentationModel Model { get; }

    static SavedFormat ISavedTransformer<PermutedSegmentationTransformer>.Format => Format;

    string IKeyedTransformer.Name => "model";

    bool IKeyedTransformer.IsProtected => Model.Description.IsProtected;

    string IKeyedSegmenter.PredictedLabelColumnName => Model.Columns.PredictedLabel;

    void IKeyedSegmenter.ThrowIfDisposed() => Model.ThrowIfDisposed();

    /// <summary>Where the network is.</summary>
    internal torch.Device Device => _device;

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
        ScoringSchema schema = Bind(input.Schema, nameof(input));
        RequireOpen();
        return new ScoringView(input, Model, schema, _device);
    }

    /// <summary>This model with its protection undone by a key. What no key changes is shared, not copied.</summary>
    internal PermutedSegmentationTransformer Unlock(PermutationKey key, bool verify)
    {
        RequireProtection();
        // The seal itself tells whether the key is the right one.
        if (!Model.Description.IsSealed)
            UnlockVerification.CheckUnlock(_host, Model.Matches(key), verify, "model", "Its predictions will not be what it was trained to give.");
        return new PermutedSegmentationTransformer(_host, Model.With(key));
    }

    /// <summary>This model as its file is.</summary>
    internal PermutedSegmentationTransformer Lock()
    {
        RequireProtection();
        return new PermutedSegmentationTransformer(_host, Model.With(key: null));
    }

    /// <summary>This model protected with a key from now on, and unlocked. All weights are shared, not copied.</summary>
    internal PermutedSegmentationTransformer Protect(PermutationKey key, ProtectionOptions options)
    {
        RefuseEncryptedImages();
        return Model.Description.IsProtected
            ? throw new InvalidOperationException("This model is already protected. Rekey gives it another key, and Unprotect undoes its protection.")
            : new PermutedSegmentationTransformer(_host, Model.Protect(key, options));
    }

    /// <summary>This model as it was before it was protected.</summary>
    internal PermutedSegmentationTransformer Unprotect(PermutationKey key)
    {
        VerifyOwner(key);
        return new PermutedSegmentationTransformer(_host, Model.Unprotect(key));
    }

    /// <summary>This model protected with another key, and unlocked.</summary>
    internal PermutedSegmentationTransformer Rekey(PermutationKey oldKey, PermutationKey newKey)
    {
        VerifyOwner(oldKey);
        if (KeyVerification.Matches(newKey, Model.Description.Salt, oldKey.GetFingerprint(Model.Description.Salt)) == true)
            throw new ArgumentException("The new key is the old one: nothing would change.", nameof(newKey));
        return new PermutedSegmentationTransformer(_host, Model.Rekey(oldKey, newKey));
    }

    /// <summary>This model with another way to score images; unlocked if this one is.</summary>
    internal PermutedSegmentationTransformer WithScoring(ScoringMode mode, TestTimeAugmentation? augmentation) =>
        new(_host, Model.With(mode, augmentation), saysWhenLocked: _saidLocked == 0);

    /// <summary>This model scoring in other numbers; unlocked if this one is.</summary>
    internal PermutedSegmentationTransformer WithPrecision(ScoringPrecision precision, IReadOnlyList<MLImage> calibration)
    {
        if (precision != ScoringPrecision.Auto)
            return With(Model.Running with { Precision = precision });
        if (!IsUnlocked)
            throw new InvalidOperationException("Unlock the model first: the labels that it gives while locked say nothing about its precision.");
        return new PermutedSegmentationTransformer(_host, PrecisionTrial.Choose(Model, _device, calibration));
    }

    /// <summary>This model with its weights only in the form that scores; unlocked if this one is.</summary>
    internal PermutedSegmentationTransformer ForScoring() => new(_host, Model.ForScoring(), _device, saysWhenLocked: _saidLocked == 0);

    /// <summary>This model running otherwise here; unlocked if this one is.</summary>
    internal PermutedSegmentationTransformer With(RunSettings running) => new(_host, Model.With(running), saysWhenLocked: _saidLocked == 0);

    bool? IKeyedTransformer.Matches(PermutationKey key) => Model.Matches(key);

    IKeyedTransformer IKeyedTransformer.Unlock(PermutationKey key, bool verify) => Unlock(key, verify);

    IKeyedTransformer IKeyedTransformer.Lock() => Lock();

    IKeyedTransformer IKeyedTransformer.With(PermutationKey? key) => new PermutedSegmentationTransformer(_host, Model.With(key), saysWhenLocked: false);

    static PermutedSegmentationTransformer ISavedTransformer<PermutedSegmentationTransformer>.Load(IHostEnvironment environment, TransformerReader reader)
    {
        SegmentationModel model = reader.TryReadEntry(FileContent.ModelEntry, (stream, length) => ModelFile.Load(StoredModel.Open(stream, length)))
            ?? reader.TryReadEntry(FileContent.OldModelEntry, (stream, length) => ModelFile.Load(OldModelFormat.Open(stream, length)))
            ?? throw new InvalidDataException("The model is damaged: its weights are missing.");
        return new PermutedSegmentationTransformer(environment, model);
    }

    private protected override void Save(TransformerWriter writer) => writer.WriteEntry(FileContent.ModelEntry, Model.Write);

    private protected override IRowToRowMapper MakeRowMapper(DataViewSchema inputSchema)
    {
        ScoringSchema schema = Bind(inputSchema, nameof(inputSchema));
        RequireOpen();
        return new ScoringRowMapper(schema, () => new ImageScorer(Model, _device));
    }

    /// <summary>
    /// Frees the network's native memory as soon as no other thread runs a prediction on it. The transformer's properties remain
    /// usable; everything else throws <see cref="ObjectDisposedException"/>.
    /// </summary>
    /// <remarks>
    /// A <c>PredictionEngine</c> disposes its model along with itself. To keep a model for other engines, create each with <c>new
    /// PredictionEngineOptions { OwnsTransformer = false }</c>.
    /// </remarks>
    public void Dispose() => Model.Dispose();

    private ScoringSchema Bind(DataViewSchema inputSchema, string parameter)
    {
        ArgumentNullException.ThrowIfNull(inputSchema, parameter);
        Model.ThrowIfDisposed();
        return new ScoringSchema(MaskOutput.Of(Model.Description), Model.Columns, inputSchema, parameter);
    }

    private void RequireProtection()
    {
        if (!Model.Description.IsProtected)
            throw new InvalidOperationException("This model is not protected: it needs no key.");
    }

    private void RefuseEncryptedImages()
    {
        if (Model.EncryptsImages)
            throw new InvalidOperationException("The network of this model learned from images that are encrypted with its key. It cannot be protected, unprotected or given another key; train a new one.");
    }

    // Weights that a wrong key has made plain are lost, and look like any others. Without a stored fingerprint the owner has
    // to have unlocked the model with this key, and so could see what it is worth.
    private void VerifyOwner(PermutationKey key)
    {
        RequireProtection();
        RefuseEncryptedImages();
        // What is closed is opened, and thereby verified, next.
        bool? matches = Model.Matches(key) ?? (Model.IsClosed || Model.IsUnlockedWith(key) ? true : null);
        KeyVerification.Require(matches, "model", "unlock it with the key first, and see that its predictions are good");
    }

    private void RequireOpen()
    {
        Model.ThrowIfClosed();
        if (IsUnlocked || Interlocked.Exchange(ref _saidLocked, 1) != 0)
            return;
        using IChannel channel = _host.Start("Scoring");
        channel.Warn("This model is locked: it scores, but not as it was trained to. Unlock it with mlContext.Segmentation().Unlock(model, key).");
    }
}
