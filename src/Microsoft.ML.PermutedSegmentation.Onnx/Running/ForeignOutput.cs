using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>The output of a network that another program made: scores of classes, one score, or labels, at any size.</summary>
internal sealed class ForeignOutput
{
    // So far from infinity that differences stay finite.
    private const float Extreme = float.MaxValue / 4;

    private readonly TensorElementType _type;
    private readonly int _rank, _channels;
    private readonly bool _channelsLast;
    private readonly float? _threshold;
    private readonly bool _areProbabilities;

    /// <param name="name">Its name.</param>
    /// <param name="value">What it gives for some image.</param>
    /// <param name="imageSize">Height and width of the images that the network reads.</param>
    /// <param name="options">What cannot be found from it.</param>
    /// <exception cref="InvalidOperationException">Something is missing in the options, or is not so.</exception>
    public ForeignOutput(string name, OrtValue value, (int Height, int Width) imageSize, OnnxModelOptions options)
    {
        Name = name;
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        long[] shape = info.Shape;
        (_type, _rank, _threshold) = (info.ElementDataType, shape.Length, options.Threshold);
        if (!HasLabels && _type is not (TensorElementType.Float or TensorElementType.Float16))
            throw new InvalidOperationException($"The output '{name}' gives {_type}; scores of floats or labels of whole numbers are needed.");
        if (_rank is not (3 or 4) || shape[0] != 1 || shape.Any(length => length is < 1 or > int.MaxValue))
            throw Unknown(shape);
        bool hasOne = HasLabels || _threshold is not null;
        _channelsLast = _rank == 4 && LiesLast(shape, hasOne ? 1 : options.ClassNames?.Count, imageSize, options.OutputChannelsLast);
        _channels = _rank == 3 ? 1 : (int)shape[_channelsLast ? 3 : 1];
        if ((hasOne && _channels != 1) || (_rank == 3 && !HasAspect(shape[1], shape[2], imageSize)))
            throw Unknown(shape);
        ClassNames = Names(options.ClassNames);
        _areProbabilities = !HasLabels && (options.OutputsProbabilities ?? AreProbabilities(value));
    }

    public string Name { get; }

    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Whether it gives labels and not scores.</summary>
    public bool HasLabels => _type is TensorElementType.UInt8 or TensorElementType.Int32 or TensorElementType.Int64;

    /// <summary>What the network says of an image.</summary>
    /// <param name="value">What the network gave.</param>
    /// <param name="height">The mask's height.</param>
    /// <param name="width">The mask's width.</param>
    /// <param name="withProbabilities">Whether to make probabilities, too, which labels do not have.</param>
    /// <exception cref="InvalidDataException">It is not what it was when the network was loaded, or has a label that there is not.</exception>
    public ScoredImage Read(OrtValue value, int height, int width, bool withProbabilities)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        long[] shape = info.Shape;
        if (info.ElementDataType != _type || shape.Length != _rank || shape[0] != 1 || shape.Any(length => length is < 1 or > int.MaxValue)
            || (_rank == 4 && shape[_channelsLast ? 3 : 1] != _channels))
            throw new InvalidDataException($"The output '{Name}' has the shape [{string.Join(", ", shape)}] for this image, other than when the model was loaded.");
        int first = _rank == 4 && !_channelsLast ? 2 : 1;
        (int rows, int columns) = ((int)shape[first], (int)shape[first + 1]);
        if (HasLabels)
        {
            byte[] classes = MaskResizer.Resize(ReadLabels(value), rows, columns, height, width);
            MaskLabels.ToKeyValues(classes, classes);
            return new ScoredImage(classes, null, height, width);
        }
        float[] scores = ReadScores(value, rows * columns);
        byte[] labels = LabelUpsampler.Upsample(scores, 1, rows, columns, ClassNames.Count, height, width);
        float[]? probabilities = withProbabilities ? GetProbabilities(scores, rows, columns, height, width) : null;
        return new ScoredImage(labels, probabilities, height, width);
    }

    private float[] GetProbabilities(float[] scores, int rows, int columns, int height, int width)
    {
        for (int i = 0; _areProbabilities && i < scores.Length; i++)
            scores[i] = Math.Clamp(scores[i], 0, 1);
        // Two scores were made of one: the threshold, and the score itself.
        for (int i = 0; _areProbabilities && _channels == 1 && i < scores.Length; i += 2)
            scores[i] = 1 - scores[i + 1];
        return LabelUpsampler.UpsampleProbabilities(scores, _areProbabilities, rows, columns, ClassNames.Count, height, width);
    }

    // Whether the graph ends with softmax or a sigmoid. Quantized ones are off by a step of some thousandths for each class.
    private bool AreProbabilities(OrtValue value)
    {
        long pixels = value.GetTensorTypeAndShape().ElementCount / _channels;
        float[] scores = ReadScores(value, (int)pixels);
        if (_channels == 1)
            return _threshold is > 0 and < 1 && scores.All(score => score is >= 0 and <= 1);
        return scores.All(score => score >= 0) && scores.Chunk(_channels).All(pixel => Math.Abs(pixel.Sum() - 1) < 0.01 + _channels * 0.004);
    }

    // By how many channels there must be, if that is known, or else by where the image's shape is.
    private bool LiesLast(long[] shape, int? channels, (int, int) imageSize, bool? given) => (shape[1] == channels, shape[3] == channels) switch
    {
        _ when given is { } last => last,
        (true, false) => false,
        (false, true) => true,
        _ => (HasAspect(shape[2], shape[3], imageSize), HasAspect(shape[1], shape[2], imageSize)) switch
        {
            (true, false) => false,
            (false, true) => true,
            _ => throw new InvalidOperationException($"OnnxModelOptions.OutputChannelsLast is needed: the shape [{string.Join(", ", shape)}] of the output '{Name}' does not tell where the classes are."),
        },
    };

    // As large as the image divided by a number, give or take a row.
    private static bool HasAspect(long rows, long columns, (int Height, int Width) image)
    {
        double vertical = (double)image.Height / rows, horizontal = (double)image.Width / columns;
        return Math.Abs(rows - image.Height / horizontal) < 1 && Math.Abs(columns - image.Width / vertical) < 1;
    }

    private IReadOnlyList<string> Names(IReadOnlyList<string>? names)
    {
        int? count = HasLabels ? names?.Count : _channels == 1 ? 2 : _channels;
        if (count is null)
            throw new InvalidOperationException($"OnnxModelOptions.ClassNames is needed: the output '{Name}' has labels, which do not tell how many classes there are.");
        if (!HasLabels && _channels == 1 && _threshold is null)
            throw new InvalidOperationException($"OnnxModelOptions.Threshold is needed: the output '{Name}' has one score for each pixel.");
        if (_threshold is { } value && !float.IsFinite(value))
            throw new InvalidOperationException($"OnnxModelOptions.Threshold is {value}; it must be a finite number.");
        if (count is < 2 or > MaskLabels.VoidClass)
            throw new InvalidOperationException($"The output '{Name}' has {count} classes; 2 to {MaskLabels.VoidClass} are possible.");
        if (names is null)
            return [.. Enumerable.Range(0, count.Value).Select(i => $"class {i}")];
        return names.Count == count ? [.. names] : throw new InvalidOperationException($"OnnxModelOptions.ClassNames has {names.Count} names, but the output '{Name}' has {count} classes.");
    }

    private byte[] ReadLabels(OrtValue value)
    {
        return _type switch
        {
            TensorElementType.UInt8 => Array.ConvertAll(value.GetTensorDataAsSpan<byte>().ToArray(), label => Checked(label)),
            TensorElementType.Int32 => Array.ConvertAll(value.GetTensorDataAsSpan<int>().ToArray(), label => Checked(label)),
            _ => Array.ConvertAll(value.GetTensorDataAsSpan<long>().ToArray(), Checked),
        };

        byte Checked(long label) => label >= 0 && label < ClassNames.Count ? (byte)label
            : throw new InvalidDataException($"The output '{Name}' has the label {label}, but there are {ClassNames.Count} classes.");
    }

    // [rows, columns, classes], finite: no number is the lowest score.
    private float[] ReadScores(OrtValue value, int pixels)
    {
        float[] scores = _type == TensorElementType.Float16
            ? Array.ConvertAll(value.GetTensorDataAsSpan<Float16>().ToArray(), score => (float)score)
            : value.GetTensorDataAsSpan<float>().ToArray();
        for (int i = 0; i < scores.Length; i++)
            scores[i] = float.IsNaN(scores[i]) ? -Extreme : Math.Clamp(scores[i], -Extreme, Extreme);
        if (_channelsLast && _channels > 1)
            return scores;
        int classes = ClassNames.Count;
        float[] turned = new float[pixels * classes];
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            for (int channel = 0; channel < classes; channel++)
                turned[pixel * classes + channel] = _channels > 1 ? scores[channel * pixels + pixel] : channel == 0 ? _threshold!.Value : scores[pixel];
        }
        return turned;
    }

    private InvalidOperationException Unknown(long[] shape) => new(
        $"The output '{Name}' has the shape [{string.Join(", ", shape)}]; needed are, in the shape of the image, scores [1, classes, h, w] or [1, h, w, classes], "
        + $"or labels or one score [1, h, w]{(_threshold is null ? "" : "; OnnxModelOptions.Threshold is for one score")}.");
}
