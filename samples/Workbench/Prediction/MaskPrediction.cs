using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Prediction;

/// <summary>The classes of an image's pixels.</summary>
/// <param name="Labels">Row by row, 0 for void and k + 1 for class k.</param>
/// <param name="Height">The number of rows.</param>
/// <param name="Width">The length of a row.</param>
internal sealed record MaskPrediction(byte[] Labels, int Height, int Width)
{
    /// <summary>The labels at a size, by nearest pixel: a class is not a number to be blended.</summary>
    public byte[] At(int height, int width) => (height, width) == (Height, Width) ? Labels : MaskResizer.Resize(Labels, Height, Width, height, width);
}
