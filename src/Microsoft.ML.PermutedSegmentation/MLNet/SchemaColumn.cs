using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Columns of schemas that are known before there are any rows.</summary>
internal static class SchemaColumn
{
    /// <summary>The annotation of a column of keys that names them.</summary>
    public const string KeyValues = AnnotationUtils.Kinds.KeyValues;

    /// <summary>One value a row.</summary>
    public static SchemaShape.Column Scalar(string name, DataViewType type) => new(name, SchemaShape.Column.VectorKind.Scalar, type, isKey: false);

    /// <summary>Several values a row.</summary>
    /// <param name="name">The column.</param>
    /// <param name="type">Of a value.</param>
    /// <param name="isVariable">Whether rows may have different numbers of them.</param>
    public static SchemaShape.Column Vector(string name, DataViewType type, bool isVariable = false) => new(name, Kind(isVariable), type, isKey: false);

    /// <summary>Several classes a row, with the classes' names.</summary>
    /// <param name="name">The column.</param>
    /// <param name="type">Of the keys.</param>
    /// <param name="isVariable">Whether rows may have different numbers of them.</param>
    public static SchemaShape.Column ClassVector(string name, DataViewType type, bool isVariable)
    {
        var names = new SchemaShape([Vector(KeyValues, TextDataViewType.Instance)]);
        return new(name, Kind(isVariable), type, isKey: true, names);
    }

    /// <summary>The column of a name; null: there is none.</summary>
    public static SchemaShape.Column? Find(SchemaShape schema, string name) => schema.TryFindColumn(name, out SchemaShape.Column column) ? column : null;

    /// <summary>The type of a column of images.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no column of this name, or it is of another type.</exception>
    public static ImageDataViewType RequireImage(SchemaShape schema, string name, string parameter)
    {
        if (Find(schema, name) is not { } column)
            throw new ArgumentOutOfRangeException(parameter, name, $"There is no column '{name}'; one of type Image is needed.");
        return column is { Kind: SchemaShape.Column.VectorKind.Scalar, ItemType: ImageDataViewType type }
            ? type
            : throw new ArgumentOutOfRangeException(parameter, name, $"Column '{name}' has type {DescribeType(column)}; Image is needed.");
    }

    /// <summary>A column's type, for messages.</summary>
    public static string DescribeType(SchemaShape.Column column) => column.GetTypeString();

    private static SchemaShape.Column.VectorKind Kind(bool isVariable) =>
        isVariable ? SchemaShape.Column.VectorKind.VariableVector : SchemaShape.Column.VectorKind.Vector;
}
