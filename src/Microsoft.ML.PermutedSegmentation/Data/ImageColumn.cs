using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>A column of images, as ML.NET's <c>LoadImages</c> makes it.</summary>
internal static class ImageColumn
{
    /// <summary>Finds the column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such column, or not of images.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name)
            ?? throw new ArgumentOutOfRangeException(nameof(name), name, $"There is no column '{name}'. A column of images is needed, as mlContext.Transforms.LoadImages makes it.");
        return column.Type is ImageDataViewType
            ? column
            : throw new ArgumentOutOfRangeException(nameof(name), name, $"Column '{name}' has type {column.Type}; an Image is needed, as mlContext.Transforms.LoadImages makes it.");
    }

    /// <summary>A reader of the row's image that says which row it was when there is none.</summary>
    public static ValueGetter<MLImage> GetGetter(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<MLImage> get = row.GetGetter<MLImage>(column);
        return (ref MLImage image) =>
        {
            try
            {
                get(ref image);
            }
            catch (ArgumentException exception)
            {
                // What ML.NET throws for bytes that are no image names neither file nor row.
                throw new InvalidDataException($"Row {row.Position}: the image of column '{column.Name}' cannot be decoded.", exception);
            }
            if (image is null)
                throw new InvalidDataException($"Row {row.Position}: column '{column.Name}' has no image.");
        };
    }
}
