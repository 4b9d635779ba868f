namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>
/// The network of Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation" (2017): torchvision's <c>deeplabv3_resnet50</c>.
/// Its head reads map 5 at several distances at once (atrous spatial pyramid pooling).
/// </summary>
public static class DeepLabV3Layout
{
    private const int HeadChannels = 256;

    /// <summary>The distances of the 3x3 convolutions that read map 5.</summary>
    private static readonly int[] Dilations = [12, 24, 36];

    /// <summary>The network on a backbone. Map 5 is read by the five branches of the pyramid; map 6 is what the classifier reads.</summary>
    /// <param name="backbone">The backbone.</param>
    /// <param name="classCount">Classes to tell apart, 2 to 255.</param>
    /// <param name="headChannels">Channels of the head; 256 in torchvision.</param>
    public static NetworkLayout Create(ResNet backbone, int classCount, int headChannels = HeadChannels)
    {
        NetworkLayout.CheckClassCount(classCount);
        var builder = new LayoutBuilder();
        Layer map = backbone.AddTo(builder);
        var branches = new List<Layer> { Add("classifier.0.convs.0.0", "classifier.0.convs.0.1", map, kernel: 1) };
        for (int i = 0; i < Dilations.Length; i++)
            branches.Add(Add($"classifier.0.convs.{i + 1}.0", $"classifier.0.convs.{i + 1}.1", map, kernel: 3, Dilations[i]));
        Layer average = Add("classifier.0.convs.4.1", "classifier.0.convs.4.2", builder.GlobalAverage(map), kernel: 1);
        branches.Add(builder.Resize(average, map));
        Layer x = Add("classifier.0.project.0", "classifier.0.project.1", builder.Concatenation(branches), kernel: 1);
        x = Add("classifier.1", "classifier.2", builder.Dropout(x, 0.5), kernel: 3);
        x = builder.Keyed(x, FeatureMaps.Head);
        builder.Convolution("classifier.4", x, classCount, kernel: 1, hasBias: true, isClassifier: true, initialValues: InitialValues.UniformByInputs);
        return builder.Build();

        Convolution Add(string name, string norm, Layer input, int kernel, int dilation = 1) => builder.Convolution(
            name, input, headChannels, kernel, dilation: dilation, norm: new(norm), activation: Activation.Relu, initialValues: InitialValues.UniformByInputs);
    }
}
