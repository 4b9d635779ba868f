using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>A Text column that names files, in a schema.</summary>
/// <param name="Name">The column.</param>
/// <param name="Files">What the files are, for a message: image or mask.</param>
internal sealed record FileNameColumn(string Name, string Files)
{
    /// <summary>The column; null: there is none.</summary>
    /// <param name="schema">Where to look.</param>
    /// <param name="parameter">The parameter that the schema came in.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not Text.</exception>
    public DataViewSchema.Column? Find(DataViewSchema schema, string parameter) => schema.GetColumnOrNull(Name) switch
    {
        { Type: not TextDataViewType } column => throw Wrong($"{column.Type}", parameter),
        var column => column,
    };

    /// <summary>The column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or not Text.</exception>
    public DataViewSchema.Column Require(DataViewSchema schema, string parameter) => Find(schema, parameter) ?? throw Missing(parameter);

    /// <summary>Checks a pipeline that is not fitted yet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or not Text.</exception>
    public void Require(SchemaShape schema, string parameter)
    {
        SchemaShape.Column column = SchemaColumn.Find(schema, Name) ?? throw Missing(parameter);
        if (column.ItemType is not TextDataViewType || column.Kind != SchemaShape.Column.VectorKind.Scalar)
            throw Wrong($"{column.Kind} of {column.ItemType}", parameter);
    }

    private ArgumentOutOfRangeException Missing(string parameter) =>
        new(parameter, Name, $"There is no input column '{Name}'; expected one of type Text with {Files} file names.");

    private ArgumentOutOfRangeException Wrong(string type, string parameter) =>
        new(parameter, Name, $"The input column '{Name}' has the type {type}; expected Text, the {Files}'s file name.");
}
