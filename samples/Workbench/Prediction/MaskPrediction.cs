using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Prediction;

/// <summary>The classes that a model sees in one image.</summary>
/// <param name="Labels">Row by row, 0 for void and k + 1 for class k.</param>
/// <param name="Height">The number of rows.</param>
/// <param name="Width">The length of a row.</param>
internal sealed record MaskPrediction(byte[] Labels, int Height, int Width)
{
    /// <summary>Reads the column PredictedLabel of scored rows, one after the other.</summary>
    public static IEnumerable<MaskPrediction> Read(IDataView scored)
    {
        var labelColumn = scored.Schema["PredictedLabel"];
        var size = ((VectorDataViewType)labelColumn.Type).Dimensions;

        using var cursor = scored.GetRowCursor([labelColumn]);
        var getLabels = cursor.GetGetter<VBuffer<byte>>(labelColumn);
        VBuffer<byte> labels = default;
        while (cursor.MoveNext())
        {
            getLabels(ref labels);
            yield return new MaskPrediction([.. labels.DenseValues()], size[0], size[1]);
        }
    }

    /// <summary>The labels at another size, by nearest pixel: a class is not a number to be blended.</summary>
    public byte[] Resize(int height, int width) => MaskResizer.Resize(Labels, Height, Width, height, width);
}
