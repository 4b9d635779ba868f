namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The fully convolutional network of the paper's Fig. 3: torchvision's <c>fcn_resnet50</c>.</summary>
public static class FcnLayout
{
    /// <summary>The network on a backbone. Map 6 is what the classifier reads.</summary>
    /// <param name="backbone">The backbone.</param>
    /// <param name="classCount">Classes to tell apart, 2 to 255.</param>
    public static NetworkLayout Create(ResNet backbone, int classCount)
    {
        NetworkLayout.CheckClassCount(classCount);
        var builder = new LayoutBuilder();
        Layer x = backbone.AddTo(builder);
        x = builder.Convolution("classifier.0", x, x.Channels / 4, kernel: 3, norm: new("classifier.1"), activation: Activation.Relu, initialValues: InitialValues.UniformByInputs);
        x = builder.Dropout(builder.Keyed(x, FeatureMaps.Head), 0.1);
        builder.Convolution("classifier.4", x, classCount, kernel: 1, hasBias: true, isClassifier: true, initialValues: InitialValues.UniformByInputs);
        return builder.Build();
    }
}
