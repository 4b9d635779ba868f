namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>
/// The shape of a fully convolutional network: all that is needed, besides its weights, to build it.
/// The named backbones come from <see cref="For"/>; tests make smaller ones.
/// </summary>
internal sealed record FcnArchitecture
{
    /// <summary>Output channels of a bottleneck per channel of its 3x3 convolution.</summary>
    public const int BottleneckExpansion = 4;

    // More than any ResNet in use; they only keep a damaged model file from asking for an absurd network.
    private const int MaxBlocksPerStage = 64;
    private const int MaxBaseWidth = 512;

    /// <exception cref="ArgumentOutOfRangeException">A number is outside of the range that its property names.</exception>
    public FcnArchitecture(
        ResidualBlock block, (int, int, int, int) blocksPerStage, int baseWidth, int outputStride, int classCount)
    {
        if (!Enum.IsDefined(block))
            throw new ArgumentOutOfRangeException(nameof(block), block, "Unknown kind of residual block.");
        var (first, second, third, fourth) = blocksPerStage;
        foreach (int count in (int[])[first, second, third, fourth])
            CheckRange(count, 1, MaxBlocksPerStage, nameof(blocksPerStage));
        CheckRange(baseWidth, 1, MaxBaseWidth, nameof(baseWidth));
        CheckRange(classCount, 2, 255, nameof(classCount));
        if (outputStride is not (8 or 16 or 32))
            throw new ArgumentOutOfRangeException(nameof(outputStride), outputStride, "The output stride must be 8, 16 or 32.");

        Block = block;
        BlocksPerStage = blocksPerStage;
        BaseWidth = baseWidth;
        OutputStride = outputStride;
        ClassCount = classCount;
    }

    public ResidualBlock Block { get; }

    /// <summary>How many residual blocks each of the four stages has, 1 to 64.</summary>
    public (int First, int Second, int Third, int Fourth) BlocksPerStage { get; }

    /// <summary>Channels of the stem and of the first stage's 3x3 convolutions (64 in every named backbone), 1 to 512.</summary>
    public int BaseWidth { get; }

    /// <summary>Input pixels per pixel of the last feature map, in each direction: 8, 16 or 32.</summary>
    public int OutputStride { get; }

    /// <summary>Classes to tell apart, 2 to 255.</summary>
    public int ClassCount { get; }

    /// <summary>The network that the paper calls FCN with this backbone.</summary>
    public static FcnArchitecture For(Backbone backbone, int outputStride, int classCount)
    {
        (ResidualBlock block, (int, int, int, int) blocks) = backbone switch
        {
            Backbone.ResNet18 => (ResidualBlock.Basic, (2, 2, 2, 2)),
            Backbone.ResNet34 => (ResidualBlock.Basic, (3, 4, 6, 3)),
            Backbone.ResNet50 => (ResidualBlock.Bottleneck, (3, 4, 6, 3)),
            Backbone.ResNet101 => (ResidualBlock.Bottleneck, (3, 4, 23, 3)),
            _ => throw new ArgumentOutOfRangeException(nameof(backbone), backbone, "Unknown backbone."),
        };
        return new FcnArchitecture(block, blocks, baseWidth: 64, outputStride, classCount);
    }

    /// <summary>The number of residual blocks of stage 1, 2, 3 or 4.</summary>
    public int BlocksOf(int stage) => stage switch
    {
        1 => BlocksPerStage.First,
        2 => BlocksPerStage.Second,
        3 => BlocksPerStage.Third,
        4 => BlocksPerStage.Fourth,
        _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, "A ResNet has stages 1 to 4."),
    };

    /// <summary>The channels of one feature map.</summary>
    /// <exception cref="ArgumentException"><paramref name="map"/> is not exactly one map.</exception>
    public int ChannelsOf(FeatureMaps map) => map switch
    {
        FeatureMaps.Stem => BaseWidth,
        FeatureMaps.Stage1 => StageChannels(1),
        FeatureMaps.Stage2 => StageChannels(2),
        FeatureMaps.Stage3 => StageChannels(3),
        FeatureMaps.Stage4 => StageChannels(4),
        FeatureMaps.Head => StageChannels(4) / 4,
        _ => throw new ArgumentException($"Exactly one feature map is expected, not '{map}'.", nameof(map)),
    };

    /// <summary>Channels inside the blocks of a stage; they double from stage to stage.</summary>
    public int WidthOf(int stage) => BaseWidth << (stage - 1);

    /// <summary>The stride, 1 or 2, of the first block of a stage; that of the others is 1.</summary>
    /// <remarks>Stage k would end at stride 2^(k+1). Where the output stride is smaller, the stride is left out.</remarks>
    public int StrideOf(int stage) => stage > 1 && FullStride(stage) <= OutputStride ? 2 : 1;

    /// <summary>
    /// The dilation of the 3x3 convolutions of a stage's bottlenecks, which makes up for strides that are left out; a stage's first
    /// block still has the dilation of the stage before (torchvision). Basic blocks have none.
    /// </summary>
    public int DilationOf(int stage, int block) => Block == ResidualBlock.Basic
        ? 1
        : Math.Max(1, FullStride(block == 0 ? stage - 1 : stage) / OutputStride);

    /// <summary>Whether the shortcut of a block is a 1x1 convolution: where its input has another size or other channels.</summary>
    public bool HasProjection(int stage, int block) =>
        block == 0 && (StrideOf(stage) != 1 || StageChannels(stage) != (stage == 1 ? BaseWidth : StageChannels(stage - 1)));

    private static int FullStride(int stage) => 2 << stage;

    private int StageChannels(int stage) => WidthOf(stage) * (Block == ResidualBlock.Bottleneck ? BottleneckExpansion : 1);

    private static void CheckRange(int value, int least, int most, string name)
    {
        if (value < least || value > most)
            throw new ArgumentOutOfRangeException(name, value, $"The value must be between {least} and {most}.");
    }
}
