namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The answer to a request.</summary>
public sealed class SegmentedImage
{
    internal SegmentedImage(ServedModel model, ScoredImage scored, int height, int width, TimeSpan waited, TimeSpan scoring, int batchSize)
    {
        (Model, Scored, Height, Width, Waited, Scoring, BatchSize) = (model, scored, height, width, waited, scoring, batchSize);
        Labels = (scored.Height, scored.Width) == (height, width) ? scored.Labels : MaskResizer.Resize(scored.Labels, scored.Height, scored.Width, height, width);
    }

    /// <summary>Key values, height x width of the image: class k is k + 1 (<see cref="MaskLabels"/>). <see cref="MaskFile"/> writes them.</summary>
    public byte[] Labels { get; }

    /// <summary>Height of the image in pixels.</summary>
    public int Height { get; }

    /// <summary>Width of the image in pixels.</summary>
    public int Width { get; }

    /// <summary>What the network itself gave: a mask of its own size, and probabilities if they were asked for.</summary>
    public ScoredImage Scored { get; }

    /// <summary>The model that gave it.</summary>
    public ServedModel Model { get; }

    /// <summary>How long the request waited for the network.</summary>
    public TimeSpan Waited { get; }

    /// <summary>How long the network took for the batch.</summary>
    public TimeSpan Scoring { get; }

    /// <summary>How many images ran through the network together.</summary>
    public int BatchSize { get; }

    /// <summary>How many pixels each class has, in the order of the classes.</summary>
    public IReadOnlyList<int> CountPixels()
    {
        int[] counts = new int[byte.MaxValue + 1];
        foreach (byte label in Labels)
            counts[label]++;
        return counts[MaskLabels.ToKeyValue(0)..(Model.ClassNames.Count + 1)];
    }
}
