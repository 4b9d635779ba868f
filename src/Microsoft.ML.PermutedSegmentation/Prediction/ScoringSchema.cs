using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>The columns of the input with those of the prediction behind them.</summary>
internal sealed class ScoringSchema
{
    private readonly int? _score, _labelSize;

    /// <summary>Binds a model to the schema of its input.</summary>
    /// <param name="output">The sizes of the masks and the classes.</param>
    /// <param name="columns">The names of the columns.</param>
    /// <param name="input">The columns there are.</param>
    /// <param name="parameter">The argument that they came by.</param>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type.</exception>
    public ScoringSchema(MaskOutput output, ModelColumns columns, DataViewSchema input, string parameter = "input")
    {
        Input = input;
        Image = ImageColumn.Find(input, columns.Image, parameter);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        ImageSizeColumn.AddTo(builder, columns.PredictedLabel);
        builder.AddColumn(columns.PredictedLabel, TypeOf(new KeyDataViewType(typeof(byte), output.ClassNames.Count), output, output.Height, output.Width), ClassNameAnnotation.Of(output.ClassNames));
        int count = input.Count + 2;
        if (output.HasProbabilities)
        {
            builder.AddColumn(columns.Score, TypeOf(NumberDataViewType.Single, output, output.ClassNames.Count, output.Height, output.Width));
            _score = count++;
        }
        if (output.HasImageSize)
        {
            builder.AddColumn(columns.PredictedLabel + ColumnNames.SizeSuffix, new VectorDataViewType(NumberDataViewType.Int32, 2));
            _labelSize = count;
        }
        Output = builder.ToSchema();
    }

    public DataViewSchema Input { get; }

    public DataViewSchema Output { get; }

    /// <summary>The image column of <see cref="Input"/>.</summary>
    public ImageColumn Image { get; }

    /// <summary>How large the image was; hidden.</summary>
    public DataViewSchema.Column ImageSize => Output[Input.Count];

    public DataViewSchema.Column PredictedLabel => Output[Input.Count + 1];

    /// <summary>The probabilities; null: there are none.</summary>
    public DataViewSchema.Column? Score => _score is { } index ? Output[index] : null;

    /// <summary>How large the masks are; null: as large as the type of <see cref="PredictedLabel"/> says.</summary>
    public DataViewSchema.Column? LabelSize => _labelSize is { } index ? Output[index] : null;

    /// <summary>The columns of <see cref="Input"/> that the given columns of <see cref="Output"/> need.</summary>
    public IEnumerable<DataViewSchema.Column> InputsFor(IReadOnlyCollection<DataViewSchema.Column> wanted)
        => Input.Where(column => wanted.Any(output => output.Index == column.Index)
            || (wanted.Any(IsPrediction) && Image.Columns.Any(needed => needed.Index == column.Index)));

    public bool IsPrediction(DataViewSchema.Column column) => column.Index >= Input.Count;

    /// <summary>The error of a getter for a column that is not active.</summary>
    public static ArgumentOutOfRangeException NotAskedFor(DataViewSchema.Column column) =>
        new(nameof(column), column.Name, "This column was not requested when the cursor or row was created.");

    // Where the size differs from row to row, or is more than a type can tell, the vector has none.
    private static VectorDataViewType TypeOf(PrimitiveDataViewType item, MaskOutput output, params int[] dimensions) =>
        output.HasImageSize || dimensions.Aggregate(1L, (product, length) => product * length) > int.MaxValue ? new VectorDataViewType(item) : new VectorDataViewType(item, dimensions);
}
