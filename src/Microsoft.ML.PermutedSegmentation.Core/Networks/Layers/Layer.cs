namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>One row of a network's table: what it reads, and the shape of the map that it makes, <c>[N, Channels, H / Stride, W / Stride]</c>.</summary>
public abstract class Layer
{
    private protected Layer(IReadOnlyList<Layer> inputs, int channels, int stride) =>
        (Inputs, Channels, Stride) = (inputs, channels, stride);

    /// <summary>Its place in <see cref="NetworkLayout.Layers"/>; layers run in that order.</summary>
    public int Index { get; internal set; } = -1;

    /// <summary>The layers whose maps it reads.</summary>
    public IReadOnlyList<Layer> Inputs { get; }

    /// <summary>Channels of the map that it makes.</summary>
    public int Channels { get; }

    /// <summary>Pixels of the image per pixel of the map that it makes, in each direction; 0 for a map of one pixel.</summary>
    public int Stride { get; }

    /// <summary>
    /// The inputs whose channels it keeps apart: channel i of what it makes depends on nothing but channel i of these, so that an order of
    /// channels passes through.
    /// </summary>
    public virtual IReadOnlyList<Layer> Carried => Inputs;
}
