using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>How images are encrypted block by block, key apart.</summary>
/// <param name="Method">What happens to a block.</param>
/// <param name="BlockSize">M, height and width of a block in pixels, 2 to 2048.</param>
internal sealed record BlockScheme(BlockTransformMethod Method, int BlockSize)
{
    private const int SmallestBlock = 2;

    // Keeps a hostile file from asking for gigabytes; a permutation of 12.6 million values takes 50 MB.
    private const int LargestBlock = 2048;

    /// <summary>A scheme that can be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The method is none, or the block size is out of its range.</exception>
    public static BlockScheme Of(BlockTransformMethod method, int blockSize)
    {
        if (!Enum.IsDefined(method))
            throw new ArgumentOutOfRangeException(nameof(method), method, $"Unknown method; there are {string.Join(", ", Enum.GetNames<BlockTransformMethod>())}.");
        if (blockSize is < SmallestBlock or > LargestBlock)
            throw new ArgumentOutOfRangeException(nameof(blockSize), blockSize, $"A block size is {SmallestBlock} to {LargestBlock} pixels.");
        return new BlockScheme(method, blockSize);
    }

    /// <summary>How the images of a described model are encrypted; null when they are not.</summary>
    /// <exception cref="InvalidDataException">The description is of something else, or of what cannot be.</exception>
    public static BlockScheme? Of(ModelDescription model)
    {
        if (model.Protection?.ImageStep is not { } step)
            return null;
        try
        {
            if (step.Name != OldModelFormat.EncryptionStep)
                throw new InvalidDataException("The images of this model go through a step that this version of the library does not know.");
            using JsonDocument settings = JsonDocument.Parse(step.Settings, new JsonDocumentOptions { MaxDepth = 1, AllowDuplicateProperties = false });
            string method = settings.RootElement.GetProperty("method").GetString()!;
            BlockScheme scheme = Of(Enum.GetValues<BlockTransformMethod>().Single(value => $"{value}" == method), settings.RootElement.GetProperty("blockSize").GetInt32());
            return scheme.FindProblem(model.ImageHeight, model.ImageWidth) is { } problem ? throw new InvalidDataException($"The model's description is damaged: images are {problem}") : scheme;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"The model's description is damaged: it does not say how images are encrypted. {exception.Message}", exception);
        }
    }

    /// <summary>The scheme as a model's description keeps it.</summary>
    public ImageStep ToStep() => new(OldModelFormat.EncryptionStep, $$"""{"method":"{{Method}}","blockSize":{{BlockSize}}}""");

    /// <summary>The transform under a key, right or wrong.</summary>
    public BlockTransform Derive(PermutationKey key, ReadOnlySpan<byte> salt) => BlockTransform.Derive(Method, BlockSize, key, salt);

    /// <summary>Says what is wrong with an image size, and what would be right; null when blocks fill it exactly.</summary>
    public string? FindProblem(int height, int width)
    {
        if (height % BlockSize == 0 && width % BlockSize == 0)
            return null;
        int[] fitting = [.. Enumerable.Range(SmallestBlock, LargestBlock - 1).Where(size => height % size == 0 && width % size == 0)];
        string otherwise = fitting.Length == 0 ? "" : $", or choose a block size that does ({string.Join(", ", fitting)})";
        return $"{height}x{width} (height x width), and the block size {BlockSize} does not divide both; resize images to multiples of {BlockSize}{otherwise}.";
    }
}
