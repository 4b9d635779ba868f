namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>
/// The light network of Howard et al., "Searching for MobileNetV3" (2019), Sec. 6.4: torchvision's <c>lraspp_mobilenet_v3_large</c>. Its head
/// weighs the last map by the whole image, and adds scores from an earlier, finer map.
/// </summary>
public static class LrAsppLayout
{
    private const int HeadChannels = 128;

    /// <summary>
    /// The network on a backbone. Map 3, the finer one, is also read by a classifier of its own; map 5 by the two branches of the head;
    /// map 6 is what the other classifier reads.
    /// </summary>
    /// <param name="backbone">The backbone.</param>
    /// <param name="classCount">Classes to tell apart, 2 to 255.</param>
    /// <param name="headChannels">Channels of the head; 128 in torchvision.</param>
    public static NetworkLayout Create(MobileNetV3 backbone, int classCount, int headChannels = HeadChannels)
    {
        NetworkLayout.CheckClassCount(classCount);
        var builder = new LayoutBuilder();
        (Layer low, Layer high) = backbone.AddTo(builder);
        Layer x = builder.Convolution("classifier.cbr.0", high, headChannels, kernel: 1, norm: new("classifier.cbr.1"), activation: Activation.Relu, initialValues: InitialValues.UniformByInputs);
        Layer weights = builder.Convolution(
            "classifier.scale.1", builder.GlobalAverage(high), headChannels, kernel: 1, activation: Activation.Sigmoid, initialValues: InitialValues.UniformByInputs);
        x = builder.Keyed(builder.Product(x, weights), FeatureMaps.Head);
        Convolution fine = Classifier("classifier.low_classifier", low);
        builder.Sum(fine, Classifier("classifier.high_classifier", builder.Resize(x, low)));
        return builder.Build();

        Convolution Classifier(string name, Layer input) => builder.Convolution(
            name, input, classCount, kernel: 1, hasBias: true, isClassifier: true, initialValues: InitialValues.UniformByInputs);
    }
}
