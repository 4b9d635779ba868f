using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>The getters of the predicted columns.</summary>
internal static class PredictionGetter
{
    /// <param name="schema">Which of them the column is.</param>
    /// <param name="column">A predicted column.</param>
    /// <param name="predictions">Where the predictions are.</param>
    /// <param name="findIndex">Tells, at each call, the place of the current row among them; it may make them first.</param>
    /// <exception cref="ArgumentException">The column has another type than <typeparamref name="TValue"/>.</exception>
    public static ValueGetter<TValue> For<TValue>(ScoringSchema schema, DataViewSchema.Column column, IPredictions predictions, Func<int> findIndex)
    {
        Delegate getter = column.Index == schema.Score?.Index
            ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => predictions.GetProbabilities(findIndex(), ref value))
            : column.Index == schema.ImageSize.Index
            ? (ValueGetter<VBuffer<int>>)((ref VBuffer<int> value) => predictions.GetImageSize(findIndex(), ref value))
            : column.Index == schema.LabelSize?.Index
            ? (ValueGetter<VBuffer<int>>)((ref VBuffer<int> value) => predictions.GetLabelSize(findIndex(), ref value))
            : (ValueGetter<VBuffer<byte>>)((ref VBuffer<byte> value) => predictions.GetLabels(findIndex(), ref value));
        return getter as ValueGetter<TValue>
            ?? throw new ArgumentException($"Column '{column.Name}' has type {column.Type}; its values cannot be read as {typeof(TValue)}.");
    }
}
