namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>
/// The shape of MobileNetV3 (Howard et al., "Searching for MobileNetV3", 2019, Table 1), as torchvision makes it for segmentation: the last
/// stage keeps its size and reads at twice the distance instead.
/// </summary>
public sealed class MobileNetV3
{
    private const double Epsilon = 1e-3, Momentum = 0.01;

    private static readonly Block[] Large =
    [
        new(3, 16, 16, false, false, 1), new(3, 64, 24, false, false, 2), new(3, 72, 24, false, false, 1, FeatureMaps.Stage1),
        new(5, 72, 40, true, false, 2, FeatureMaps.Stage2), new(5, 120, 40, true, false, 1), new(5, 120, 40, true, false, 1),
        new(3, 240, 80, false, true, 2), new(3, 200, 80, false, true, 1), new(3, 184, 80, false, true, 1), new(3, 184, 80, false, true, 1),
        new(3, 480, 112, true, true, 1), new(3, 672, 112, true, true, 1, FeatureMaps.Stage3),
        new(5, 672, 160, true, true, 2), new(5, 960, 160, true, true, 1), new(5, 960, 160, true, true, 1),
    ];

    // The first block of the stage that may keep its size.
    private const int LastStage = 12;

    private readonly int _divisor;

    /// <param name="outputStride">Image pixels per pixel of the last map, in each direction: 16, or 32 without dilation.</param>
    /// <param name="divisor">By how much channels are divided, for tests; 1 is MobileNetV3-Large.</param>
    /// <exception cref="ArgumentOutOfRangeException">The output stride is another one.</exception>
    public MobileNetV3(int outputStride, int divisor = 1)
    {
        if (outputStride is not (16 or 32))
            throw new ArgumentOutOfRangeException(nameof(outputStride), outputStride, "The output stride of MobileNetV3 must be 16 or 32.");
        (OutputStride, _divisor) = (outputStride, divisor);
    }

    /// <summary>Image pixels per pixel of the last map, in each direction.</summary>
    public int OutputStride { get; }

    /// <summary>Adds the network's layers.</summary>
    /// <returns>Map 3, at an eighth of the image's size, and map 5, the last.</returns>
    internal (Layer Low, Layer High) AddTo(LayoutBuilder builder)
    {
        Layer x = Add(builder, "backbone.0", builder.Image, Width(16), kernel: 3, step: 2, activation: Activation.Hardswish);
        x = builder.Keyed(x, FeatureMaps.Stem);
        Layer? low = null;
        for (int i = 0; i < Large.Length; i++)
        {
            x = AddBlock(builder, x, i);
            if (Large[i].Map is var map and not FeatureMaps.None)
                x = builder.Keyed(x, map);
            if (Large[i].Map == FeatureMaps.Stage2)
                low = x;
        }
        x = Add(builder, $"backbone.{Large.Length + 1}", x, 6 * x.Channels, kernel: 1, activation: Activation.Hardswish);
        return (low!, builder.Keyed(x, FeatureMaps.Stage4));
    }

    private Layer AddBlock(LayoutBuilder builder, Layer input, int index)
    {
        Block block = Large[index];
        string name = $"backbone.{index + 1}.block";
        bool isDilated = index >= LastStage && OutputStride == 16;
        int part = 0, expanded = Width(block.Expanded), channels = Width(block.Channels);
        Activation activation = block.IsHardswish ? Activation.Hardswish : Activation.Relu;
        Layer x = input;
        if (expanded != input.Channels)
            x = Add(builder, $"{name}.{part++}", x, expanded, kernel: 1, activation: activation);
        x = Add(builder, $"{name}.{part++}", x, expanded, block.Kernel, isDilated ? 1 : block.Step, isDilated ? 2 : 1, activation, isDepthwise: true);
        if (block.Squeezes)
            x = Squeeze(builder, $"{name}.{part++}", x);
        Convolution branch = Add(builder, $"{name}.{part}", x, channels, kernel: 1);
        return block.Step == 1 && input.Channels == channels ? builder.Sum(branch, input) : branch;
    }

    // Squeeze-and-excitation.
    private static Layer Squeeze(LayoutBuilder builder, string name, Layer map)
    {
        Layer x = builder.GlobalAverage(map);
        x = builder.Convolution($"{name}.fc1", x, MultipleOf8(map.Channels / 4), kernel: 1, activation: Activation.Relu, hasBias: true);
        x = builder.Convolution($"{name}.fc2", x, map.Channels, kernel: 1, activation: Activation.Hardsigmoid, hasBias: true);
        return builder.Product(map, x);
    }

    private static Convolution Add(
        LayoutBuilder builder, string name, Layer input, int channels, int kernel, int step = 1, int dilation = 1,
        Activation activation = Activation.None, bool isDepthwise = false) => builder.Convolution(
            $"{name}.0", input, channels, kernel, step, dilation, new BatchNorm($"{name}.1", Epsilon, Momentum), activation, isDepthwise);

    private int Width(int channels) => MultipleOf8(channels / _divisor);

    // As torchvision rounds: down by a tenth at most.
    private static int MultipleOf8(int channels)
    {
        int rounded = Math.Max(8, (channels + 4) / 8 * 8);
        return rounded < 0.9 * channels ? rounded + 8 : rounded;
    }

    /// <summary>A row of Table 1. <c>Map</c> is the keyed map that the block makes.</summary>
    private readonly record struct Block(
        int Kernel, int Expanded, int Channels, bool Squeezes, bool IsHardswish, int Step, FeatureMaps Map = FeatureMaps.None);
}
