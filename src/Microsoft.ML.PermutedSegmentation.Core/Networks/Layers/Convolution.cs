namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>
/// A convolution with what follows it: batch norm, if there is one, and an activation. Its padding keeps the size of the map, divided by the stride.
/// </summary>
public sealed class Convolution : Layer
{
    internal Convolution(Layer input, int channels, int step, bool hasOnePixel)
        : base([input], channels, hasOnePixel ? 0 : input.Stride * step) => Step = step;

    /// <summary>Its name in torchvision: the parameters are <c>{Name}.weight</c> and, with a bias, <c>{Name}.bias</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Height and width of the kernel.</summary>
    public required int Kernel { get; init; }

    /// <summary>The distance of the places where the kernel is put (the convolution's stride).</summary>
    public int Step { get; }

    /// <summary>The distance of the inputs that a kernel reads.</summary>
    public int Dilation { get; init; } = 1;

    /// <summary>Whether each channel is convolved on its own (as many groups as channels).</summary>
    public bool IsDepthwise { get; init; }

    /// <summary>Whether it adds a bias of its own.</summary>
    public bool HasBias { get; init; }

    /// <summary>The batch norm behind it; null for none.</summary>
    public BatchNorm? Norm { get; init; }

    /// <summary>What happens to each value at the end.</summary>
    public Activation Activation { get; init; }

    /// <summary>Where its weights start.</summary>
    public InitialValues InitialValues { get; init; }

    /// <summary>Whether it makes the scores of the classes, so that its size depends on their number.</summary>
    public bool IsClassifier { get; init; }

    /// <summary>The channels that it reads.</summary>
    public int InputChannels => Inputs[0].Channels;

    /// <summary>The pixels of padding on each side.</summary>
    public int Padding => Dilation * (Kernel / 2);

    /// <summary>The shape of its weights: [outputs, inputs of a group, kernel, kernel].</summary>
    public long[] WeightShape => [Channels, IsDepthwise ? 1 : InputChannels, Kernel, Kernel];

    /// <inheritdoc/>
    public override IReadOnlyList<Layer> Carried => IsDepthwise ? Inputs : [];
}
