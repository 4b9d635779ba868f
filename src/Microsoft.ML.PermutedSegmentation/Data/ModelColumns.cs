namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>The columns of a model: ML.NET's business, which the network knows nothing of.</summary>
internal sealed class ModelColumns
{
    private const string ImageName = "image_column", PredictedLabelName = "predicted_label_column", ScoreName = "score_column";

    /// <exception cref="ArgumentException">A name is empty.</exception>
    public ModelColumns(string image, string predictedLabel, string score)
    {
        foreach (string name in (string[])[image, predictedLabel, score])
            ArgumentException.ThrowIfNullOrWhiteSpace(name);
        (Image, PredictedLabel, Score) = (image, predictedLabel, score);
    }

    /// <summary>The names that a trainer's options have.</summary>
    public static ModelColumns Default { get; } = new("Image", "PredictedLabel", "Score");

    /// <summary>The images that it reads.</summary>
    public string Image { get; }

    public string PredictedLabel { get; }

    /// <summary>The probabilities of the classes.</summary>
    public string Score { get; }

    /// <summary>The names as a model's file keeps them.</summary>
    public IEnumerable<(string Name, string Value)> ToMetadata() => [(ImageName, Image), (PredictedLabelName, PredictedLabel), (ScoreName, Score)];

    /// <summary>Reads and checks the names in a model's file.</summary>
    /// <exception cref="InvalidDataException">One is missing or empty.</exception>
    public static ModelColumns Read(IReadOnlyDictionary<string, string> metadata)
    {
        return new ModelColumns(Find(ImageName), Find(PredictedLabelName), Find(ScoreName));

        string Find(string name) => metadata.TryGetValue(name, out string? column) && !string.IsNullOrWhiteSpace(column)
            ? column
            : throw new InvalidDataException($"The model is damaged: its '{name}' is missing or empty.");
    }
}
