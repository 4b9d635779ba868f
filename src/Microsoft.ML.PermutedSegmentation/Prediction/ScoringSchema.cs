using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>The columns of the input with those of the prediction behind them.</summary>
internal sealed class ScoringSchema
{
    /// <summary>Binds a model to the schema of its input.</summary>
    /// <param name="model">Tells the sizes of the masks and the classes.</param>
    /// <param name="columns">The names of the columns.</param>
    /// <param name="input">The columns there are.</param>
    /// <param name="parameter">The argument that they came by.</param>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type.</exception>
    public ScoringSchema(ModelDescription model, ModelColumns columns, DataViewSchema input, string parameter = "input")
    {
        Input = input;
        Image = ImageColumn.Find(input, columns.Image, parameter);
        int classCount = model.ClassNames.Count;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        ImageSizeColumn.AddTo(builder, columns.PredictedLabel);
        var label = new KeyDataViewType(typeof(byte), classCount);
        bool hasImageSize = model.ScoringMode == ScoringMode.SlidingWindow;
        builder.AddColumn(
            columns.PredictedLabel, hasImageSize ? new VectorDataViewType(label) : new VectorDataViewType(label, model.ImageHeight, model.ImageWidth),
            ClassNameAnnotation.Of(model.ClassNames));
        builder.AddColumn(columns.Score, hasImageSize
            ? new VectorDataViewType(NumberDataViewType.Single)
            : new VectorDataViewType(NumberDataViewType.Single, classCount, model.ImageHeight, model.ImageWidth));
        if (hasImageSize)
            builder.AddColumn(columns.PredictedLabel + ColumnNames.SizeSuffix, new VectorDataViewType(NumberDataViewType.Int32, 2));
        Output = builder.ToSchema();
    }

    public DataViewSchema Input { get; }

    public DataViewSchema Output { get; }

    /// <summary>The image column of <see cref="Input"/>.</summary>
    public ImageColumn Image { get; }

    /// <summary>How large the image was; hidden.</summary>
    public DataViewSchema.Column ImageSize => Output[Input.Count];

    public DataViewSchema.Column PredictedLabel => Output[Input.Count + 1];

    public DataViewSchema.Column Score => Output[Input.Count + 2];

    /// <summary>How large the masks are; null: as large as the type of <see cref="PredictedLabel"/> says.</summary>
    public DataViewSchema.Column? LabelSize => Output.Count > Input.Count + 3 ? Output[Input.Count + 3] : null;

    /// <summary>The columns of <see cref="Input"/> that the given columns of <see cref="Output"/> need.</summary>
    public IEnumerable<DataViewSchema.Column> InputsFor(IReadOnlyCollection<DataViewSchema.Column> wanted)
        => Input.Where(column => wanted.Any(output => output.Index == column.Index)
            || (wanted.Any(IsPrediction) && Image.Columns.Any(needed => needed.Index == column.Index)));

    public bool IsPrediction(DataViewSchema.Column column) => column.Index >= Input.Count;

    /// <summary>The error of a getter for a column that is not active.</summary>
    public static ArgumentOutOfRangeException NotAskedFor(DataViewSchema.Column column) =>
        new(nameof(column), column.Name, "This column was not requested when the cursor or row was created.");
}
