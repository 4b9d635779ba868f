using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench;

/// <summary>How a loaded model reads its images.</summary>
internal static class ImageLoading
{
    /// <summary>The same chain with its images read in an orientation, whatever it was trained with.</summary>
    /// <exception cref="InvalidOperationException">It was saved with ML.NET's own LoadImages, and images are to be read as they are stored.</exception>
    public static ITransformer Reading(this ITransformer model, ImageOrientation orientation, MLContext mlContext) => model switch
    {
        IEnumerable<ITransformer> chain => new TransformerChain<ITransformer>([.. chain.Select(step => step.Reading(orientation, mlContext))]),
        ImageFileLoadingTransformer own when own.Orientation != orientation =>
            mlContext.LoadImages(own.OutputColumnName, own.ImageFolder, own.InputColumnName, orientation),
        ImageLoadingTransformer when orientation != ImageOrientation.Upright =>
            throw new InvalidOperationException("This model was saved with ML.NET's own LoadImages, behind which images are always read upright. --as-stored needs one that was saved with mlContext.Segmentation().Transforms.LoadImages, as train and import do."),
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
