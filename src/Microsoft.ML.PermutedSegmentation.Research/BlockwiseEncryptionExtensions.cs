using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The conventional method that the paper compares with (Sec. III-D, Table II): images are encrypted block by block with a key.</summary>
public static class BlockwiseEncryptionExtensions
{
    /// <summary>
    /// The conventional method that the paper compares with (Sec. III-D, Table II): the same network, trained on images that
    /// the key encrypts block by block after augmentation and resizing. When unlocked, its model encrypts the images that it
    /// is given; when locked, it reads them as they are. It is less accurate than <c>Permuted</c>.
    /// </summary>
    /// <param name="trainers">The trainers, <c>mlContext.Segmentation().Trainers</c>.</param>
    /// <param name="key">The secret. It is needed until <c>Fit</c> has returned and is not stored.</param>
    /// <param name="method">What happens to a block.</param>
    /// <param name="blockSize">M, height and width of a block in pixels, 2 to 2048; it must divide the options' image height and width, which have to be given.</param>
    /// <param name="options">All other settings; <c>FeatureMaps</c> is not used.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">A value is out of its range, or the block size does not divide the image size.</exception>
    public static PermutedSegmentationTrainer BlockwiseEncrypted(
        this SegmentationTrainersCatalog trainers,
        PermutationKey key, BlockTransformMethod method, int blockSize, PermutedSegmentationTrainer.Options options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(options);
        var scheme = BlockScheme.Of(method, blockSize);
        options.Validate();
        // A size chosen after the data could be one that blocks do not divide.
        if (options.ImageHeight is not { } height || options.ImageWidth is not { } width)
            throw new ArgumentException($"{nameof(options.ImageHeight)} and {nameof(options.ImageWidth)} are needed; blocks of {blockSize} pixels must divide them.", nameof(options));
        if (scheme.FindProblem(height, width) is { } problem)
            throw new ArgumentException($"{nameof(options.ImageHeight)} and {nameof(options.ImageWidth)} are {problem}", nameof(options));
        return new PermutedSegmentationTrainer(trainers.Environment, key, options, scheme.ToStep());
    }

    /// <summary>
    /// Encrypts images block by block: the conventional method that the paper compares with (Sec. III-D, Table II). To train
    /// and score a network on such images, see <c>Trainers.BlockwiseEncrypted</c>.
    /// </summary>
    /// <param name="transforms">The transforms, <c>mlContext.Segmentation().Transforms</c>.</param>
    /// <param name="key">The secret. It is needed until this method has returned and is not stored.</param>
    /// <param name="method">What happens to a block.</param>
    /// <param name="blockSize">M, height and width of a block in pixels, 2 to 2048; it must divide height and width of all images.</param>
    /// <param name="outputColumnName">Column of encrypted images, of the same sizes as the plain ones.</param>
    /// <param name="inputColumnName">Column of images, as <c>mlContext.Transforms.LoadImages</c> makes it; <paramref name="outputColumnName"/> when null.</param>
    /// <param name="storeFingerprint">Whether to store the key's fingerprint, which tells a wrong key from the right one.</param>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentException">A column name is empty, the method is none, or the block size is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static BlockwiseEncryptingEstimator BlockwiseEncrypt(
        this SegmentationTransformsCatalog transforms,
        PermutationKey key,
        BlockTransformMethod method,
        int blockSize,
        string outputColumnName = ColumnNames.Image,
        string? inputColumnName = null,
        bool storeFingerprint = true)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        ArgumentNullException.ThrowIfNull(key);
        var scheme = BlockScheme.Of(method, blockSize);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputColumnName);
        inputColumnName ??= outputColumnName;
        ArgumentException.ThrowIfNullOrWhiteSpace(inputColumnName);
        byte[] salt = RandomNumberGenerator.GetBytes(PermutationKey.ModelSaltSizeInBytes);
        var encryption = new BlockEncryption(scheme, salt, storeFingerprint ? key.GetFingerprint(salt) : null);
        return new BlockwiseEncryptingEstimator(
            new BlockwiseEncryptingTransformer(transforms.Environment, outputColumnName, inputColumnName, encryption, encryption.Derive(key)));
    }

    /// <param name="model">A segmentation model.</param>
    extension(PermutedSegmentationTransformer model)
    {
        /// <summary>How images are encrypted before the network reads them, and the side of a block in pixels; null when they are not encrypted.</summary>
        public (BlockTransformMethod Method, int BlockSize)? ImageEncryption
            => BlockScheme.Of(model.Model.Description) is { } scheme ? (scheme.Method, scheme.BlockSize) : null;
    }
}
