using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench;

/// <summary>How a loaded model reads its images.</summary>
internal static class ImageLoading
{
    /// <summary>The same chain with its images read in an orientation, whatever it was trained with.</summary>
    public static ITransformer Reading(this ITransformer model, ImageOrientation orientation, MLContext mlContext) => model switch
    {
        IEnumerable<ITransformer> chain => new TransformerChain<ITransformer>([.. chain.Select(step => step.Reading(orientation, mlContext))]),
        ImageFileLoadingTransformer own when own.Orientation != orientation =>
            mlContext.LoadImages(own.OutputColumnName, own.ImageFolder, own.InputColumnName, orientation),
        // ML.NET's own does not know of orientations; behind it images are turned upright.
        ImageLoadingTransformer loading when orientation != ImageOrientation.Upright => new TransformerChain<ITransformer>([.. loading.Columns.Select(
            column => mlContext.LoadImages(column.outputColumnName, loading.ImageFolder, column.inputColumnName, orientation))]),
        _ => model,
    };

    private static ITransformer LoadImages(this MLContext mlContext, string output, string? folder, string input, ImageOrientation orientation)
    {
        var columns = SchemaDefinition.Create(typeof(FileName));
        columns[0].ColumnName = input;
        var rows = mlContext.Data.LoadFromEnumerable<FileName>([], columns);
        return mlContext.Segmentation().Transforms.LoadImages(output, folder, input, orientation).Fit(rows);
    }

    private sealed class FileName
    {
        public string Path { get; set; } = "";
    }
}
