using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Predictions for one row at a time, as <c>PredictionEngine</c> wants them.</summary>
/// <param name="schema">The columns.</param>
/// <param name="createScorer">Runs the network, for one row that moves on.</param>
internal sealed class ScoringRowMapper(ScoringSchema schema, Func<IImageScorer> createScorer) : IRowToRowMapper
{
    /// <inheritdoc/>
    public DataViewSchema InputSchema => schema.Input;

    /// <inheritdoc/>
    public DataViewSchema OutputSchema => schema.Output;

    /// <inheritdoc/>
    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        => schema.InputsFor([.. dependingColumns]);

    /// <inheritdoc/>
    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
        => new Row(input, schema, [.. activeColumns], createScorer);

    private sealed class Row : DataViewRow
    {
        private readonly DataViewRow _input;
        private readonly ScoringSchema _schema;
        private readonly HashSet<int> _active;
        private readonly IImageScorer? _scorer;
        private readonly ImageColumn.Reader? _images;
        private long _scored = long.MinValue;

        public Row(DataViewRow input, ScoringSchema schema, DataViewSchema.Column[] active, Func<IImageScorer> createScorer)
        {
            (_input, _schema) = (input, schema);
            _active = [.. active.Select(column => column.Index)];
            if (!active.Any(schema.IsPrediction))
                return;
            _scorer = createScorer();
            _images = schema.Image.CreateReader(input);
        }

        public override DataViewSchema Schema => _schema.Output;

        public override long Position => _input.Position;

        public override long Batch => _input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw ScoringSchema.NotAskedFor(column);
            if (!_schema.IsPrediction(column))
                return _input.GetGetter<TValue>(_schema.Input[column.Index]);
            // A PredictionEngine makes all columns active, but gets only those that its output type has.
            if (column.Index == _schema.Score?.Index && !_scorer!.WithProbabilities)
                (_scorer.WithProbabilities, _scored) = (true, long.MinValue);
            return PredictionGetter.For<TValue>(_schema, column, _scorer!, ScoreCurrentRow);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _images?.Dispose();
                _scorer?.Dispose();
                _input.Dispose();
            }
            base.Dispose(disposing);
        }

        private int ScoreCurrentRow()
        {
            if (_scored != Position)
            {
                _scored = long.MinValue; // What was made of the last row is gone, whether or not this one can be scored.
                _scorer!.Run(_images!.Read());
                if (_scorer.ReadsLargeImages)
                    _images.Release();
                _scored = Position;
            }
            return 0;
        }
    }
}
