namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// How images go into a segmentation model of another program, and what comes out. What is null is found from the model's graph, as far as that is
/// plain; where it is not, loading says which of these is needed.
/// </summary>
public sealed class OnnxModelOptions
{
    /// <summary>What becomes of pixel values for an input of floats; it cannot be found. An input of bytes gets them as they are.</summary>
    public PixelNormalization? Normalization { get; set; }

    /// <summary>Height in pixels of the images that the network reads, for a graph that takes several; images are resized to it.</summary>
    public int? ImageHeight { get; set; }

    /// <summary>Width of these images.</summary>
    public int? ImageWidth { get; set; }

    /// <summary>The names of the classes, in the order of the scores or labels. Needed if the network gives labels; otherwise classes are numbered.</summary>
    public IReadOnlyList<string>? ClassNames { get; set; }

    /// <summary>Whether the input is [N, H, W, 3] (the default of TensorFlow) and not [N, 3, H, W] (of PyTorch).</summary>
    public bool? ChannelsLast { get; set; }

    /// <summary>Whether the output is [1, h, w, classes] and not [1, classes, h, w], where its shape does not tell.</summary>
    public bool? OutputChannelsLast { get; set; }

    /// <summary>Whether colors come in the order blue, green, red (the default of OpenCV).</summary>
    public bool IsBgr { get; set; }

    /// <summary>The input that takes the image, if there are several.</summary>
    public string? InputName { get; set; }

    /// <summary>The output with the scores or labels, if there are several.</summary>
    public string? OutputName { get; set; }

    /// <summary>
    /// Whether the scores are probabilities already, since the graph ends with softmax or a sigmoid. What is null is found from its output for one
    /// image: whether no score is below 0 and those of a pixel sum to 1, or a single score is between 0 and 1 and so is the <see cref="Threshold"/>.
    /// </summary>
    public bool? OutputsProbabilities { get; set; }

    /// <summary>
    /// Of a network with one score per pixel: class 1 is where it is above this, such as 0 for logits and 0.5 for probabilities; class 0 is all else.
    /// </summary>
    public float? Threshold { get; set; }

    /// <summary>Whether masks have the size of the image instead of the network's: scores are upsampled to it, and labels repeated.</summary>
    public bool MasksOfImageSize { get; set; }

    /// <summary>The same, to be changed on its own.</summary>
    internal OnnxModelOptions Copy()
    {
        var copy = (OnnxModelOptions)MemberwiseClone();
        copy.ClassNames = ClassNames is null ? null : [.. ClassNames];
        return copy;
    }
}
