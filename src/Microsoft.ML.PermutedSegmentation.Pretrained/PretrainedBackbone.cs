using Google.Protobuf;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Backbones that were trained on ImageNet, for <c>Options.InitialWeights</c>: from these weights a hundred images train a better model than
/// from random ones, in the same time.
/// </summary>
/// <remarks>
/// Anyone can have these weights. After fine-tuning, a model's weights still resemble them so much that they show the order in which a key
/// has put the channels of maps 1 to 4: see docs/security.md.
/// </remarks>
public static class PretrainedBackbone
{
    private const string Package = "Microsoft.ML.DnnImageFeaturizer.ResNet18";

    // Where ML.NET's package puts it, beside the application. It has 63,653,533 bytes.
    private static readonly string FileOfResNet18 = Path.Combine("DnnImageModels", "ResNet18Onnx", "ResNet18.onnx");
    private const long LargestFile = 1 << 27;

    /// <summary>
    /// The ResNet-18 of ML.NET's package Microsoft.ML.DnnImageFeaturizer.ResNet18 (MIT licence), with torchvision's names and for images that
    /// are normalised as torchvision's.
    /// </summary>
    /// <returns>A backbone alone, which is the caller's to dispose.</returns>
    /// <exception cref="FileNotFoundException">The application lacks the package's file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or is another network.</exception>
    public static SegmentationWeights ResNet18()
    {
        string path = Path.Combine(AppContext.BaseDirectory, FileOfResNet18);
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new FileNotFoundException($"The pretrained ResNet-18 is missing: '{path}' is not there. The NuGet package {Package} puts it beside the application; add that package, or publish its content along.", path);
        try
        {
            if (file.Length > LargestFile)
                throw new InvalidDataException($"it has {file.Length} bytes, and at most {LargestFile} are read.");
            using FileStream stream = file.OpenRead();
            CntkResNet18 network = new(ModelProto.Parser.ParseFrom(stream));
            return SegmentationWeights.OfBackbone(Backbone.ResNet18, network.Read);
        }
        catch (Exception exception) when (exception is InvalidDataException or InvalidProtocolBufferException)
        {
            throw new InvalidDataException($"'{path}' is not the ResNet-18 of {Package}, or is damaged: {exception.Message}", exception);
        }
    }
}
