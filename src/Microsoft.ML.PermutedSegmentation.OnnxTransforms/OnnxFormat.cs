namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How a step of a pipeline is written into a model of ML.NET, apart from its ONNX file.</summary>
internal static class OnnxFormat
{
    private const string Nothing = "";
    private const byte No = 0, Yes = 1, Open = 2;

    public static void Write(MaskOutput output, BinaryWriter writer)
    {
        writer.Write(output.ClassNames.Count);
        foreach (string name in output.ClassNames)
            writer.Write(name);
        writer.Write(output.Height);
        writer.Write(output.Width);
        writer.Write(output.HasImageSize);
        writer.Write(output.HasProbabilities);
    }

    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static MaskOutput ReadOutput(BinaryReader reader)
    {
        int count = reader.ReadInt32();
        if (count is < 2 or > MaskLabels.VoidClass)
            throw new InvalidDataException($"The model is damaged: it has {count} classes.");
        string[] names = [.. Enumerable.Range(0, count).Select(_ => reader.ReadString())];
        var output = new MaskOutput(names, reader.ReadInt32(), reader.ReadInt32(), reader.ReadBoolean(), reader.ReadBoolean());
        return output is { Height: >= 1 and <= ModelDescription.LargestSide, Width: >= 1 and <= ModelDescription.LargestSide }
            ? output
            : throw new InvalidDataException($"The model is damaged: its images have {output.Height}x{output.Width} pixels.");
    }

    // Class names are the output's.
    public static void Write(OnnxModelOptions options, BinaryWriter writer)
    {
        writer.Write(options.Normalization is not null);
        foreach (float value in options.Normalization is { } normalization ? [.. normalization.Mean, .. normalization.Deviation] : (float[])[])
            writer.Write(value);
        writer.Write(options.ImageHeight ?? 0);
        writer.Write(options.ImageWidth ?? 0);
        foreach (bool? choice in (bool?[])[options.ChannelsLast, options.OutputChannelsLast, options.OutputsProbabilities])
            writer.Write(choice is null ? Open : choice.Value ? Yes : No);
        writer.Write(options.IsBgr);
        writer.Write(options.InputName ?? Nothing);
        writer.Write(options.OutputName ?? Nothing);
        writer.Write(options.Threshold ?? float.NaN);
        writer.Write(options.MasksOfImageSize);
    }

    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static OnnxModelOptions ReadOptions(BinaryReader reader)
    {
        var options = new OnnxModelOptions();
        if (reader.ReadBoolean())
        {
            float[] values = [.. Enumerable.Range(0, 6).Select(_ => reader.ReadSingle())];
            if (!values.All(float.IsFinite) || values[3..].Any(value => value <= 0))
                throw new InvalidDataException($"The model is damaged: its normalization is {string.Join(", ", values)}.");
            options.Normalization = new PixelNormalization(values[..3], values[3..]);
        }
        options.ImageHeight = reader.ReadInt32() is var height && height == 0 ? null : height;
        options.ImageWidth = reader.ReadInt32() is var width && width == 0 ? null : width;
        options.ChannelsLast = ReadChoice();
        options.OutputChannelsLast = ReadChoice();
        options.OutputsProbabilities = ReadChoice();
        options.IsBgr = reader.ReadBoolean();
        options.InputName = ReadText();
        options.OutputName = ReadText();
        options.Threshold = reader.ReadSingle() is var threshold && float.IsNaN(threshold) ? null : threshold;
        options.MasksOfImageSize = reader.ReadBoolean();
        return options;

        string? ReadText() => reader.ReadString() is var text && text == Nothing ? null : text;
        bool? ReadChoice() => reader.ReadByte() switch
        {
            No => false,
            Yes => true,
            Open => null,
            var other => throw new InvalidDataException($"The model is damaged: an option is {other}."),
        };
    }
}
