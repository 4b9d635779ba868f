namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>What masks have in them, before it is known what it means.</summary>
internal sealed class MaskContents
{
    private readonly bool[] _isUsed = new bool[256];
    private bool _hasOther, _hasOneAndWhite;

    /// <summary>The values of grey and indexed masks, without 255, in order.</summary>
    public IEnumerable<int> Values => Enumerable.Range(0, ClassPalette.VoidClass).Where(value => _isUsed[value]);

    /// <summary>Whether each mask is one of 0 and 1, or of black and white.</summary>
    public bool IsBlackAndWhite => !_hasOther && !_hasOneAndWhite;

    /// <summary>Whether a mask has white, or 255.</summary>
    public bool HasWhite { get; private set; }

    /// <summary>The first mask in colors other than black and white.</summary>
    public string? Colored { get; private set; }

    /// <summary>Looks at a mask; what is wrong with one that cannot be read is said where it is used.</summary>
    public static MaskContents Of(string path)
    {
        var contents = new MaskContents();
        contents.Read(path);
        return contents;
    }

    /// <summary>Adds what masks after these have in them.</summary>
    public void Add(MaskContents others)
    {
        for (int value = 0; value < _isUsed.Length; value++)
            _isUsed[value] |= others._isUsed[value];
        _hasOther |= others._hasOther;
        _hasOneAndWhite |= others._hasOneAndWhite;
        HasWhite |= others.HasWhite;
        Colored ??= others.Colored;
    }

    private void Read(string path)
    {
        try
        {
            using FileStream stream = ImageFileHeader.Open(path);
            using PngImage image = PngDecoder.Decode(stream, path);
            if (image.Header.ColorType is PngColorType.Grey or PngColorType.Indexed)
                AddValues(image.Samples);
            else if (image.Header.ColorType is PngColorType.Rgb or PngColorType.Rgba)
                AddColors(image.Samples, image.Header.Channels, path);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            // Nothing of it counts.
        }
    }

    private void AddValues(ReadOnlySpan<byte> samples)
    {
        foreach (byte value in samples)
            _isUsed[value] = true;
        HasWhite = _isUsed[255];
        _hasOther = _isUsed.AsSpan(2..255).Contains(true);
        _hasOneAndWhite = _isUsed[1] && _isUsed[255];
    }

    private void AddColors(ReadOnlySpan<byte> samples, int channels, string path)
    {
        for (int i = 0; i < samples.Length; i += channels)
        {
            var (red, green, blue) = (samples[i], samples[i + 1], samples[i + 2]);
            if (red != green || green != blue || red is > 0 and < 255)
            {
                Colored = path;
                _hasOther = true;
                return;
            }
            HasWhite |= red == 255;
        }
    }
}
