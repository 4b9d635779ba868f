using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>
/// A column that goes along with predicted masks and tells how large the image was before it was resized, (height, width).
/// It has the name of the masks' column and stands before it, so ML.NET hides it: no name can collide, and nobody sees it who
/// does not look for it.
/// </summary>
internal static class ImageSizeColumn
{
    private static readonly VectorDataViewType Type = new(NumberDataViewType.Int32, 2);

    /// <summary>Adds the column; that of the masks must come after it.</summary>
    public static void AddTo(DataViewSchema.Builder builder, string predictedLabelColumnName) =>
        builder.AddColumn(predictedLabelColumnName, Type);

    /// <summary>Finds the column of predicted masks that a model of this library made; null for others.</summary>
    public static DataViewSchema.Column? Find(DataViewSchema schema, string predictedLabelColumnName)
    {
        DataViewSchema.Column? found = null;
        foreach (DataViewSchema.Column column in schema)
        {
            if (column.IsHidden && column.Name == predictedLabelColumnName && column.Type.Equals(Type))
                found = column;
        }
        return found;
    }
}
