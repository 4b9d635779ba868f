using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>The input of a network that another program made: one image of a certain size, layout and type.</summary>
internal sealed class ForeignInput
{
    private const int LargestSide = ModelDescription.LargestSide;

    private readonly TensorElementType _type;
    private readonly bool _channelsLast;
    private readonly int[] _order;
    private readonly PixelNormalization _normalization;

    /// <param name="session">The network.</param>
    /// <param name="options">What cannot be found from it.</param>
    /// <exception cref="InvalidOperationException">Something is missing in the options, or is not so.</exception>
    public ForeignInput(InferenceSession session, OnnxModelOptions options)
    {
        (Name, NodeMetadata input) = Choose(session.InputMetadata, options.InputName, "input", nameof(options.InputName));
        if (!input.IsTensor)
            throw new InvalidOperationException($"The input '{Name}' is no tensor.");
        int[] shape = input.Dimensions;
        if (shape.Length != 4 || shape[0] > 1)
            throw new InvalidOperationException($"The input '{Name}' has the shape [{Text(shape)}]; a network that reads one image with four dimensions is needed.");
        _type = input.ElementDataType;
        if (_type is not (TensorElementType.Float or TensorElementType.Float16 or TensorElementType.UInt8))
            throw new InvalidOperationException($"The input '{Name}' takes {_type}; Float, Float16 and UInt8 are possible.");
        _channelsLast = options.ChannelsLast ?? (shape[1] == 3, shape[3] == 3) switch
        {
            (true, false) => false,
            (false, true) => true,
            _ => throw Needed(nameof(options.ChannelsLast), $"the shape [{Text(shape)}] does not tell where the colors are"),
        };
        if (shape[_channelsLast ? 3 : 1] is not (3 or -1))
            throw new InvalidOperationException($"The input '{Name}' has the shape [{Text(shape)}], with other than three colors.");
        (ImageHeight, ImageWidth) = (Size(shape[_channelsLast ? 1 : 2], options.ImageHeight, nameof(options.ImageHeight)), Size(shape[_channelsLast ? 2 : 3], options.ImageWidth, nameof(options.ImageWidth)));
        _order = options.IsBgr ? [2, 1, 0] : [0, 1, 2];
        _normalization = _type == TensorElementType.UInt8 ? PixelNormalization.None
            : options.Normalization ?? throw Needed(nameof(options.Normalization), "what it expects for a pixel cannot be found");
    }

    public string Name { get; }

    public int ImageHeight { get; }

    public int ImageWidth { get; }

    /// <summary>The one input or output that is meant.</summary>
    /// <exception cref="InvalidOperationException">It is not there, or is not the only one.</exception>
    public static (string Name, NodeMetadata Node) Choose(IReadOnlyDictionary<string, NodeMetadata> nodes, string? name, string what, string option)
    {
        if (name is null && nodes.Count == 1)
            return (nodes.First().Key, nodes.First().Value);
        if (name is not null && nodes.TryGetValue(name, out NodeMetadata? node))
            return (name, node);
        if (nodes.Count == 0)
            throw new InvalidOperationException($"The model has no {what}.");
        string names = string.Join(", ", nodes.Select(entry => entry.Value.IsTensor ? $"'{entry.Key}' [{Text(entry.Value.Dimensions)}]" : $"'{entry.Key}'"));
        throw new InvalidOperationException($"{(name is null ? $"The model has more than one {what}: set OnnxModelOptions.{option} to one of" : $"The model has no {what} '{name}'; it has")} {names}.");
    }

    /// <summary>The network's input for an image.</summary>
    /// <param name="pixels">[height, width, 3], from 0 to 255.</param>
    public OrtValue Create(ReadOnlySpan<float> pixels)
    {
        float[] values = new float[pixels.Length];
        int area = ImageHeight * ImageWidth;
        for (int i = 0; i < area; i++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                int color = _order[channel];
                values[_channelsLast ? i * 3 + channel : channel * area + i] = (pixels[i * 3 + color] - _normalization.Mean[color]) / _normalization.Deviation[color];
            }
        }
        long[] shape = _channelsLast ? [1, ImageHeight, ImageWidth, 3] : [1, 3, ImageHeight, ImageWidth];
        return _type switch
        {
            TensorElementType.UInt8 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (byte)Math.Clamp(MathF.Round(value), 0, 255)), shape),
            TensorElementType.Float16 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (Float16)value), shape),
            _ => OrtValue.CreateTensorValueFromMemory(values, shape),
        };
    }

    // Dimensions of any size have no number.
    private static string Text(int[] shape) => string.Join(", ", shape.Select(length => length < 0 ? "?" : $"{length}"));

    private static int Size(int fixedSize, int? given, string option)
    {
        if (fixedSize > LargestSide)
            throw new InvalidOperationException($"The network reads images of {fixedSize} pixels in one direction; at most {LargestSide} are possible.");
        if (fixedSize > 0)
            return given is null || given == fixedSize ? fixedSize : throw new InvalidOperationException($"OnnxModelOptions.{option} is {given}, but the network reads {fixedSize}.");
        return given switch
        {
            null => throw Needed(option, "the network reads images of several sizes"),
            < 1 or > LargestSide => throw new InvalidOperationException($"OnnxModelOptions.{option} is {given}; 1 to {LargestSide} are possible."),
            { } size => size,
        };
    }

    private static InvalidOperationException Needed(string option, string why) => new($"OnnxModelOptions.{option} is needed: {why}.");
}
