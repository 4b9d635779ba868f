using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>The output of a network that another program made: scores of classes, one score, or labels, at any size.</summary>
internal sealed class ForeignOutput
{
    private readonly OnnxModelOptions _options;
    private readonly bool _channelsLast, _hasLabels;
    private readonly int _channels;

    /// <param name="name">Its name.</param>
    /// <param name="value">What it gives for some image.</param>
    /// <param name="channelsLast">Whether the input has its channels last.</param>
    /// <param name="options">What cannot be found from it.</param>
    /// <exception cref="InvalidOperationException">Something is missing in the options, or is not so.</exception>
    public ForeignOutput(string name, OrtValue value, bool channelsLast, OnnxModelOptions options)
    {
        (Name, _options) = (name, options);
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        long[] shape = info.Shape;
        _hasLabels = info.ElementDataType is TensorElementType.UInt8 or TensorElementType.Int32 or TensorElementType.Int64;
        if (!_hasLabels && info.ElementDataType is not (TensorElementType.Float or TensorElementType.Float16))
            throw new InvalidOperationException($"The output '{name}' gives {info.ElementDataType}; scores of floats or labels of whole numbers are needed.");
        if (shape.Length is not (3 or 4) || shape[0] != 1)
            throw Unknown(shape);
        _channelsLast = shape.Length == 4 && LiesLast(shape, channelsLast, options.ClassNames?.Count);
        _channels = shape.Length == 3 ? 1 : (int)shape[_channelsLast ? 3 : 1];
        if (_hasLabels && _channels != 1)
            throw Unknown(shape);
        ClassNames = Names(options);
    }

    public string Name { get; }

    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>A mask of class indexes.</summary>
    /// <param name="value">What the network gave.</param>
    /// <param name="height">The mask's height.</param>
    /// <param name="width">The mask's width.</param>
    public byte[] ToMask(OrtValue value, int height, int width)
    {
        long[] shape = value.GetTensorTypeAndShape().Shape;
        int first = shape.Length == 4 && !_channelsLast ? 2 : 1;
        (int rows, int columns) = ((int)shape[first], (int)shape[first + 1]);
        if (_hasLabels)
            return MaskResizer.Resize(ReadLabels(value), rows, columns, height, width);
        byte[] labels = LabelUpsampler.Upsample(ReadScores(value, rows * columns), 1, rows, columns, ClassNames.Count, height, width);
        MaskLabels.ToClasses(labels, labels);
        return labels;
    }

    // By the number of classes if that is given and tells, or else as in the input.
    private static bool LiesLast(long[] shape, bool channelsLast, int? classes) => (shape[1] == classes, shape[3] == classes) switch
    {
        (true, false) => false,
        (false, true) => true,
        _ => channelsLast,
    };

    private IReadOnlyList<string> Names(OnnxModelOptions options)
    {
        int? count = _hasLabels ? options.ClassNames?.Count : _channels == 1 ? 2 : _channels;
        if (count is null)
            throw new InvalidOperationException($"OnnxModelOptions.ClassNames is needed: the output '{Name}' has labels, which do not tell how many classes there are.");
        if (!_hasLabels && _channels == 1 && options.Threshold is null)
            throw new InvalidOperationException($"OnnxModelOptions.Threshold is needed: the output '{Name}' has one score for each pixel.");
        if (count is < 2 or > MaskLabels.VoidClass)
            throw new InvalidOperationException($"The output '{Name}' has {count} classes; 2 to {MaskLabels.VoidClass} are possible.");
        if (options.ClassNames is not { } names)
            return [.. Enumerable.Range(0, count.Value).Select(i => $"class {i}")];
        return names.Count == count ? [.. names] : throw new InvalidOperationException($"OnnxModelOptions.ClassNames has {names.Count} names, but the output '{Name}' has {count} classes.");
    }

    private byte[] ReadLabels(OrtValue value)
    {
        return value.GetTensorTypeAndShape().ElementDataType switch
        {
            TensorElementType.UInt8 => Array.ConvertAll(value.GetTensorDataAsSpan<byte>().ToArray(), label => Checked(label)),
            TensorElementType.Int32 => Array.ConvertAll(value.GetTensorDataAsSpan<int>().ToArray(), label => Checked(label)),
            _ => Array.ConvertAll(value.GetTensorDataAsSpan<long>().ToArray(), Checked),
        };

        byte Checked(long label) => label >= 0 && label < ClassNames.Count ? (byte)label
            : throw new InvalidDataException($"The output '{Name}' has the label {label}, but there are {ClassNames.Count} classes.");
    }

    // [rows, columns, classes]
    private float[] ReadScores(OrtValue value, int pixels)
    {
        float[] scores = value.GetTensorTypeAndShape().ElementDataType == TensorElementType.Float16
            ? Array.ConvertAll(value.GetTensorDataAsSpan<Float16>().ToArray(), score => (float)score)
            : value.GetTensorDataAsSpan<float>().ToArray();
        if (_channels == 1)
            return [.. scores.SelectMany(score => (float[])[_options.Threshold!.Value, score])];
        if (_channelsLast)
            return scores;
        float[] turned = new float[scores.Length];
        for (int channel = 0; channel < _channels; channel++)
        {
            for (int pixel = 0; pixel < pixels; pixel++)
                turned[pixel * _channels + channel] = scores[channel * pixels + pixel];
        }
        return turned;
    }

    private InvalidOperationException Unknown(long[] shape) => new(
        $"The output '{Name}' has the shape [{string.Join(", ", shape)}]; scores [1, classes, h, w] or [1, h, w, classes], or labels [1, h, w], are needed.");
}
