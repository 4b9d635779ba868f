namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>Puts a network's table together, row by row.</summary>
internal sealed class LayoutBuilder
{
    private readonly List<Layer> _layers = [];

    public LayoutBuilder() => Image = Add(new ImageInput());

    public Layer Image { get; }

    /// <summary>The rows, finished.</summary>
    public NetworkLayout Build() => new(_layers);

    /// <summary>A convolution; <paramref name="norm"/> is the name of the batch norm behind it.</summary>
    public Convolution Convolution(
        string name, Layer input, int channels, int kernel, int step = 1, int dilation = 1, BatchNorm? norm = null,
        Activation activation = Activation.None, bool isDepthwise = false, bool hasBias = false, bool isClassifier = false,
        InitialValues initialValues = InitialValues.NormalByOutputs) => Add(new Convolution(input, channels, step, hasOnePixel: input.Stride == 0)
        {
            Name = name,
            Kernel = kernel,
            Dilation = dilation,
            Norm = norm,
            Activation = activation,
            IsDepthwise = isDepthwise,
            HasBias = hasBias,
            IsClassifier = isClassifier,
            InitialValues = initialValues,
        });

    public Layer MaxPool(Layer input) => Add(new MaxPool(input));

    public Layer GlobalAverage(Layer input) => Add(new GlobalAverage(input));

    public Layer Sum(Convolution branch, Layer shortcut, Activation activation = Activation.None) => Add(new Sum(branch, shortcut, activation));

    public Layer Product(Layer map, Layer factors) => Add(new Product(map, factors));

    public Layer Concatenation(IReadOnlyList<Layer> maps) => Add(new Concatenation(maps));

    public Layer Resize(Layer map, Layer like) => Add(new Resize(map, like));

    public Layer Dropout(Layer input, double probability) => Add(new Dropout(input, probability));

    public Layer Keyed(Layer input, FeatureMaps map) => Add(new KeyedMap(input, map));

    private T Add<T>(T layer) where T : Layer
    {
        layer.Index = _layers.Count;
        _layers.Add(layer);
        return layer;
    }
}
