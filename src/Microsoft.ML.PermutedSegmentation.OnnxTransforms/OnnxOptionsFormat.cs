namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How <see cref="OnnxModelOptions"/> are written into a model of ML.NET. The class names are not among them.</summary>
internal static class OnnxOptionsFormat
{
    private const string Nothing = "";

    public static void Write(OnnxModelOptions options, BinaryWriter writer)
    {
        writer.Write(options.Normalization is not null);
        foreach (float value in options.Normalization is { } normalization ? [.. normalization.Mean, .. normalization.Deviation] : (float[])[])
            writer.Write(value);
        writer.Write(options.ImageHeight ?? 0);
        writer.Write(options.ImageWidth ?? 0);
        WriteOptional(options.ChannelsLast);
        WriteOptional(options.OutputChannelsLast);
        writer.Write(options.IsBgr);
        writer.Write(options.InputName ?? Nothing);
        writer.Write(options.OutputName ?? Nothing);
        writer.Write(options.Threshold ?? float.NaN);
        writer.Write(options.MasksOfImageSize);

        void WriteOptional(bool? value) => writer.Write((byte)(value is null ? 2 : value.Value ? 1 : 0));
    }

    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static OnnxModelOptions Read(BinaryReader reader)
    {
        var options = new OnnxModelOptions();
        if (reader.ReadBoolean())
        {
            float[] values = [.. Enumerable.Range(0, 6).Select(_ => reader.ReadSingle())];
            if (!values.All(float.IsFinite) || values[3..].Any(value => value <= 0))
                throw new InvalidDataException($"The model is damaged: its normalization is {string.Join(", ", values)}.");
            options.Normalization = new PixelNormalization(values[..3], values[3..]);
        }
        options.ImageHeight = Positive(reader.ReadInt32());
        options.ImageWidth = Positive(reader.ReadInt32());
        options.ChannelsLast = ReadOptional();
        options.OutputChannelsLast = ReadOptional();
        options.IsBgr = reader.ReadBoolean();
        options.InputName = Text(reader.ReadString());
        options.OutputName = Text(reader.ReadString());
        options.Threshold = reader.ReadSingle() is var threshold && float.IsNaN(threshold) ? null : threshold;
        options.MasksOfImageSize = reader.ReadBoolean();
        return options;

        bool? ReadOptional() => reader.ReadByte() switch { 0 => false, 1 => true, _ => null };
        static int? Positive(int value) => value == 0 ? null : value;
        static string? Text(string value) => value == Nothing ? null : value;
    }
}
