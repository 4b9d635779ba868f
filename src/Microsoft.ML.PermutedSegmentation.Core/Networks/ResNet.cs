namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>
/// The shape of a residual network (He et al., "Deep Residual Learning for Image Recognition", 2016), as torchvision makes it, with maps 1
/// to 5 of the paper's Fig. 3.
/// </summary>
public sealed record ResNet
{
    // More than any ResNet in use; they only keep a damaged model file from asking for an absurd network.
    private const int MostBlocks = 64, LargestWidth = 512;

    private const int Stages = 4;
    private const int Expansion = 4;

    /// <param name="block">What the stages are made of.</param>
    /// <param name="blocksPerStage">How many blocks each of the four stages has, 1 to 64.</param>
    /// <param name="width">Channels of the stem and of the first stage's 3x3 convolutions, 1 to 512; they double from stage to stage.</param>
    /// <param name="outputStride">Image pixels per pixel of the last map, in each direction: 8, 16 or 32.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside of its range.</exception>
    public ResNet(ResidualBlock block, IReadOnlyList<int> blocksPerStage, int width, int outputStride)
    {
        if (!Enum.IsDefined(block))
            throw new ArgumentOutOfRangeException(nameof(block), block, "Unknown kind of residual block.");
        if (blocksPerStage.Count != Stages || blocksPerStage.Any(count => count is < 1 or > MostBlocks))
            throw new ArgumentOutOfRangeException(nameof(blocksPerStage), string.Join(", ", blocksPerStage), $"Each of the {Stages} stages must have 1 to {MostBlocks} blocks.");
        if (width is < 1 or > LargestWidth)
            throw new ArgumentOutOfRangeException(nameof(width), width, $"The value must be between 1 and {LargestWidth}.");
        if (outputStride is not (8 or 16 or 32))
            throw new ArgumentOutOfRangeException(nameof(outputStride), outputStride, "The output stride must be 8, 16 or 32.");
        (Block, BlocksPerStage, Width, OutputStride) = (block, blocksPerStage, width, outputStride);
    }

    /// <summary>What the stages are made of.</summary>
    public ResidualBlock Block { get; }

    /// <summary>How many blocks each of the four stages has.</summary>
    public IReadOnlyList<int> BlocksPerStage { get; }

    /// <summary>Channels of the stem (64 in every named backbone).</summary>
    public int Width { get; }

    /// <summary>Image pixels per pixel of the last map, in each direction.</summary>
    public int OutputStride { get; }

    /// <summary>A named residual network.</summary>
    public static ResNet Of(Backbone backbone, int outputStride) => backbone switch
    {
        Backbone.ResNet18 => new ResNet(ResidualBlock.Basic, [2, 2, 2, 2], 64, outputStride),
        Backbone.ResNet34 => new ResNet(ResidualBlock.Basic, [3, 4, 6, 3], 64, outputStride),
        Backbone.ResNet50 => new ResNet(ResidualBlock.Bottleneck, [3, 4, 6, 3], 64, outputStride),
        Backbone.ResNet101 => new ResNet(ResidualBlock.Bottleneck, [3, 4, 23, 3], 64, outputStride),
        _ => throw new ArgumentOutOfRangeException(nameof(backbone), backbone, "Not a residual network."),
    };

    /// <summary>Adds the network's layers; the last is map 5.</summary>
    internal Layer AddTo(LayoutBuilder builder)
    {
        Layer x = builder.Convolution("backbone.conv1", builder.Image, Width, kernel: 7, step: 2, norm: new("backbone.bn1"), activation: Activation.Relu);
        x = builder.Keyed(builder.MaxPool(x), FeatureMaps.Stem);
        FeatureMaps[] maps = [FeatureMaps.Stage1, FeatureMaps.Stage2, FeatureMaps.Stage3, FeatureMaps.Stage4];
        for (int stage = 1; stage <= Stages; stage++)
        {
            for (int i = 0; i < BlocksPerStage[stage - 1]; i++)
                x = AddBlock(builder, x, stage, i);
            x = builder.Keyed(x, maps[stage - 1]);
        }
        return x;
    }

    private Layer AddBlock(LayoutBuilder builder, Layer input, int stage, int index)
    {
        string name = $"backbone.layer{stage}.{index}";
        int width = Width << (stage - 1), channels = Block == ResidualBlock.Bottleneck ? width * Expansion : width;
        // Stage k would end at stride 2^(k+1). Where the output stride is smaller, the step is left out.
        int step = index == 0 && stage > 1 && FullStride(stage) <= OutputStride ? 2 : 1;
        Convolution branch = Block == ResidualBlock.Bottleneck ? Bottleneck() : Basic();
        Layer shortcut = step != 1 || input.Channels != channels
            ? builder.Convolution($"{name}.downsample.0", input, channels, kernel: 1, step, norm: new($"{name}.downsample.1"))
            : input;
        return builder.Sum(branch, shortcut, Activation.Relu);

        Convolution Bottleneck()
        {
            // Dilation makes up for steps that are left out; a stage's first block still has that of the stage before (torchvision).
            int dilation = Math.Max(1, FullStride(index == 0 ? stage - 1 : stage) / OutputStride);
            Layer x = Add(1, input, width, kernel: 1, activation: Activation.Relu);
            x = Add(2, x, width, kernel: 3, step, dilation, Activation.Relu);
            return Add(3, x, channels, kernel: 1);
        }

        Convolution Basic() => Add(2, Add(1, input, width, kernel: 3, step, activation: Activation.Relu), width, kernel: 3);

        Convolution Add(int number, Layer x, int outputs, int kernel, int step = 1, int dilation = 1, Activation activation = Activation.None) =>
            builder.Convolution($"{name}.conv{number}", x, outputs, kernel, step, dilation, new($"{name}.bn{number}"), activation);
    }

    private static int FullStride(int stage) => 2 << stage;
}
