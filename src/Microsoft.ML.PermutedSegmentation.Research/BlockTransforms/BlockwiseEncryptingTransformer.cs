using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Encrypts images block by block, when unlocked with a key; made by <see cref="BlockwiseEncryptingEstimator"/>. Locked,
/// as after loading, it passes images on as they are (the paper's Plain, Table II).
/// </summary>
public sealed class BlockwiseEncryptingTransformer : SegmentationRowTransformer, IImageEncryption
{
    private readonly BlockEncryption _encryption;
    private readonly BlockTransform? _transform; // null: locked
    private int _saidLocked;

    internal BlockwiseEncryptingTransformer(IHostEnvironment environment,
        string outputColumnName, string inputColumnName, BlockEncryption encryption, BlockTransform? transform)
        : base(environment, nameof(BlockwiseEncryptingTransformer), ImageEncryptionLoader.Format)
        => (OutputColumnName, InputColumnName, _encryption, _transform) = (outputColumnName, inputColumnName, encryption, transform);

    /// <summary>Whether images are encrypted: a key has been given, right or wrong.</summary>
    public bool IsUnlocked => _transform is not null;

    /// <summary>What happens to a block.</summary>
    public BlockTransformMethod Method => _encryption.Scheme.Method;

    /// <summary>Height and width of a block in pixels.</summary>
    public int BlockSize => _encryption.Scheme.BlockSize;

    /// <summary>The 16 random bytes that make one key encrypt differently in two models; not secret.</summary>
    public ReadOnlyMemory<byte> Salt => _encryption.Salt;

    /// <summary>The 8 bytes that tell a wrong key from the right one (<see cref="PermutationKey.GetFingerprint"/>); empty when not stored.</summary>
    public ReadOnlyMemory<byte> Fingerprint => _encryption.Fingerprint;

    internal string OutputColumnName { get; }

    internal string InputColumnName { get; }

    /// <summary>The same encryption under a key; a wrong one is logged, or refused when verifying.</summary>
    internal BlockwiseEncryptingTransformer Unlock(PermutationKey key, bool verify)
    {
        UnlockVerification.CheckUnlock(OwnHost, Matches(key), verify, "block-wise encryption", "A model trained on images encrypted with the right key will not recognize them.");
        return With(key);
    }

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    internal bool? Matches(PermutationKey key) => _encryption.Matches(key);

    string IKeyedTransformer.Name => "block-wise encryption";

    bool IKeyedTransformer.IsProtected => true;

    bool? IKeyedTransformer.Matches(PermutationKey key) => Matches(key);

    IKeyedTransformer IKeyedTransformer.Unlock(PermutationKey key, bool verify) => Unlock(key, verify);

    IKeyedTransformer IKeyedTransformer.Lock() => With(key: null);

    IKeyedTransformer IKeyedTransformer.With(PermutationKey? key) => With(key);

    /// <summary>The same encryption under a key, right or wrong, or locked when null; nothing is checked or logged.</summary>
    internal BlockwiseEncryptingTransformer With(PermutationKey? key)
        => new(OwnHost, OutputColumnName, InputColumnName, _encryption, key is null ? null : _encryption.Derive(key));

    /// <summary>Checks an image column's size, where its type tells one.</summary>
    internal void CheckSize(ImageDataViewType type)
    {
        if (type.Height > 0 && type.Width > 0 && _encryption.Scheme.FindProblem(type.Height, type.Width) is { } problem)
            throw new ArgumentException($"The images of column '{InputColumnName}' are {problem}");
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    internal static BlockwiseEncryptingTransformer Load(IHostEnvironment environment, TransformerReader reader)
    {
        string output = reader.ReadText();
        string input = reader.ReadText();
        return new BlockwiseEncryptingTransformer(environment, output, input, BlockEncryption.Read(reader.Binary), transform: null);
    }

    private protected override void Save(TransformerWriter writer)
    {
        writer.WriteText(OutputColumnName);
        writer.WriteText(InputColumnName);
        _encryption.Write(writer.Binary);
    }

    private protected override IColumnMaker MakeColumns(DataViewSchema inputSchema) => new ColumnMaker(this, inputSchema);

    private void SayWhenLocked()
    {
        if (IsUnlocked || Interlocked.Exchange(ref _saidLocked, 1) != 0)
            return;
        using IChannel channel = OwnHost.Start("Encrypting");
        channel.Warn("This block-wise encryption is locked: images stay plain. Unlock it with mlContext.Segmentation().Unlock(model, key).");
    }

    // A new image in any case: the one in the input column is its owner's to dispose.
    private MLImage Encrypt(ImageColumn.Reader images)
    {
        MLImage image = images.Read();
        if (_encryption.Scheme.FindProblem(image.Height, image.Width) is { } problem)
            throw new InvalidDataException($"{images.DescribeRow()}: the image is {problem}");
        ReadOnlySpan<byte> pixels = image.Pixels;
        if (_transform is not null)
        {
            byte[] encrypted = GC.AllocateUninitializedArray<byte>(pixels.Length);
            _transform.Apply(pixels, encrypted, image.Width, image.PixelFormat == MLPixelFormat.Bgra32);
            pixels = encrypted;
        }
        MLImage result = MLImage.CreateFromPixels(image.Width, image.Height, image.PixelFormat, pixels);
        result.Tag = image.Tag;
        return result;
    }

    private sealed class ColumnMaker : IColumnMaker
    {
        private readonly BlockwiseEncryptingTransformer _parent;
        private readonly ImageColumn _input;
        private readonly DataViewType _type;

        public ColumnMaker(BlockwiseEncryptingTransformer parent, DataViewSchema inputSchema)
        {
            _parent = parent;
            _input = ImageColumn.Find(inputSchema, parent.InputColumnName);
            _type = inputSchema[_input.Index].Type;
            parent.CheckSize((ImageDataViewType)_type);
        }

        public DataViewSchema.DetachedColumn[] GetOutputColumns() => [new(_parent.OutputColumnName, _type)];

        public Func<int, bool> GetDependencies(Func<int, bool> activeOutput) => column => activeOutput(0) && _input.Columns.Any(needed => needed.Index == column);

        public Delegate?[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action? disposer)
        {
            disposer = null;
            if (!activeOutput(0))
                return new Delegate?[1];
            _parent.SayWhenLocked();
            ImageColumn.Reader plain = _input.CreateReader(input);
            disposer = plain.Dispose;
            return [(ValueGetter<MLImage>)((ref MLImage encrypted) =>
            {
                MLImage result = _parent.Encrypt(plain);
                // As with ML.NET's own image transforms, who asks for the next image gives the last one back.
                encrypted?.Dispose();
                encrypted = result;
            })];
        }
    }
}
