using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What an ONNX file gives, which a locked one that is sealed does not tell.</summary>
/// <param name="ClassNames">The classes, in the order of the labels.</param>
/// <param name="ImageHeight">Height of the images that the network reads.</param>
/// <param name="ImageWidth">Width of these images.</param>
/// <param name="HasImageSize">Whether masks have the size of their image instead.</param>
/// <param name="HasProbabilities">Whether it gives scores and not labels only.</param>
internal sealed record OnnxOutput(IReadOnlyList<string> ClassNames, int ImageHeight, int ImageWidth, bool HasImageSize, bool HasProbabilities)
{
    // As large as an image may be.
    private const int LargestSide = 16384;

    public static OnnxOutput Of(OnnxSegmenter segmenter, OnnxModelOptions? options) => new(
        segmenter.ClassNames, segmenter.ImageHeight, segmenter.ImageWidth,
        segmenter.ScoringMode == ScoringMode.SlidingWindow || options is { MasksOfImageSize: true }, segmenter.HasProbabilities);

    public bool IsSameAs(OnnxOutput other) => this with { ClassNames = other.ClassNames } == other && ClassNames.SequenceEqual(other.ClassNames);

    /// <summary>The columns that it is put into, in their order: a hidden one of image sizes, labels, their sizes if they differ, and scores.</summary>
    public DataViewSchema.DetachedColumn[] ToColumns(ModelColumns names)
    {
        var builder = new DataViewSchema.Builder();
        ImageSizeColumn.AddTo(builder, names.PredictedLabel);
        var label = new KeyDataViewType(typeof(byte), ClassNames.Count);
        builder.AddColumn(names.PredictedLabel, HasImageSize ? new VectorDataViewType(label) : new VectorDataViewType(label, ImageHeight, ImageWidth), ClassNameAnnotation.Of(ClassNames));
        builder.AddColumn(names.PredictedLabel + ColumnNames.SizeSuffix, new VectorDataViewType(NumberDataViewType.Int32, 2));
        builder.AddColumn(names.Score, HasImageSize
            ? new VectorDataViewType(NumberDataViewType.Single)
            : new VectorDataViewType(NumberDataViewType.Single, ClassNames.Count, ImageHeight, ImageWidth));
        return [.. builder.ToSchema()
            .Where(column => column.Name != names.Score || HasProbabilities)
            .Where(column => column.Name != names.PredictedLabel + ColumnNames.SizeSuffix || HasImageSize)
            .Select(column => new DataViewSchema.DetachedColumn(column))];
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(ClassNames.Count);
        foreach (string name in ClassNames)
            writer.Write(name);
        writer.Write(ImageHeight);
        writer.Write(ImageWidth);
        writer.Write(HasImageSize);
        writer.Write(HasProbabilities);
    }

    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static OnnxOutput Read(BinaryReader reader)
    {
        int count = reader.ReadInt32();
        if (count is < 2 or > MaskLabels.VoidClass)
            throw new InvalidDataException($"The model is damaged: it has {count} classes.");
        string[] names = [.. Enumerable.Range(0, count).Select(_ => reader.ReadString())];
        var output = new OnnxOutput(names, reader.ReadInt32(), reader.ReadInt32(), reader.ReadBoolean(), reader.ReadBoolean());
        return output is { ImageHeight: >= 1 and <= LargestSide, ImageWidth: >= 1 and <= LargestSide }
            ? output
            : throw new InvalidDataException($"The model is damaged: its images have {output.ImageHeight}x{output.ImageWidth} pixels.");
    }
}
