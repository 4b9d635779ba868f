namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What is in a file, as far as this library reads it (<see cref="SegmentationFile"/>).</summary>
public enum SegmentationFileKind
{
    /// <summary>Something else.</summary>
    Other,

    /// <summary>An ML.NET model with a segmentation model in it, as <c>mlContext.Model.Save</c> writes it.</summary>
    Model,

    /// <summary>Weights: in safetensors format, as <c>SegmentationWeights.Save</c> or PyTorch's users write them, or as <c>torch.save</c> does.</summary>
    Weights,

    /// <summary>An ONNX model, of this library or of another.</summary>
    Onnx,
}
