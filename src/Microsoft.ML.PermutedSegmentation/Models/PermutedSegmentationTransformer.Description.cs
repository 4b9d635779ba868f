namespace Microsoft.ML.PermutedSegmentation;

// What a model says of itself, which its file says to everybody. Nothing of it is secret.
public sealed partial class PermutedSegmentationTransformer
{
    /// <summary>The feature maps that need the key; None for an unprotected model, and for one of encrypted images.</summary>
    public FeatureMaps FeatureMaps => Model.Description.FeatureMaps;

    /// <summary>Whether the weights are encrypted in the file: locked, such a model does not score.</summary>
    public bool IsSealed => Model.Description.IsSealed;

    /// <summary>The classes, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames => Model.Description.ClassNames;

    /// <summary>Height in pixels of the images that the network reads and, unless it reads them by windows, of the predicted masks.</summary>
    public int ImageHeight => Model.Description.ImageHeight;

    /// <summary>Width of these images.</summary>
    public int ImageWidth => Model.Description.ImageWidth;

    /// <summary>How images of other sizes are scored.</summary>
    public ScoringMode ScoringMode => Model.Description.ScoringMode;

    /// <summary>How often an image is scored.</summary>
    public TestTimeAugmentation TestTimeAugmentation => Model.Description.TestTimeAugmentation;

    /// <summary>The kind of network that labels the pixels.</summary>
    public SegmentationNetwork Network => Model.Description.Network;

    /// <summary>The part of the network that makes feature maps of the images.</summary>
    public Backbone Backbone => Model.Description.Backbone;

    /// <summary>Pixels of the image per cell of the last feature map, in each direction: 8, 16 or 32.</summary>
    public int OutputStride => Model.Description.OutputStride;

    /// <summary>
    /// How many numbers the network has: weights, biases, and batch norm's parameters and running statistics. Each takes
    /// four bytes in a file.
    /// </summary>
    public long ParameterCount => Model.Description.Layout.Parameters.Sum(parameter => parameter.Shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>The 16 random bytes that make one key protect two models in unrelated ways; not secret. Empty for an unprotected model.</summary>
    public ReadOnlyMemory<byte> Salt => Model.Description.Salt;

    /// <summary>The 8 bytes that tell a wrong key from the right one (<see cref="PermutationKey.GetFingerprint"/>); empty when not stored.</summary>
    public ReadOnlyMemory<byte> Fingerprint => Model.Description.Fingerprint;

    /// <summary>The column of images that the model reads.</summary>
    public string ImageColumnName => Model.Columns.Image;

    /// <summary>The column of predicted labels that it adds.</summary>
    public string PredictedLabelColumnName => Model.Columns.PredictedLabel;

    /// <summary>The column of class probabilities that it adds.</summary>
    public string ScoreColumnName => Model.Columns.Score;

    /// <summary>How many channels one of the six feature maps has, and so how many a key permutes.</summary>
    /// <exception cref="ArgumentException"><paramref name="map"/> is not exactly one map.</exception>
    public int ChannelsOf(FeatureMaps map) => Model.Description.Layout.Find(map).Channels;
}
