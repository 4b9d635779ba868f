using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Makes columns of a row from other columns of the same row, for one schema of the rows.</summary>
internal interface IColumnMaker
{
    /// <summary>The columns that it makes.</summary>
    DataViewSchema.DetachedColumn[] GetOutputColumns();

    /// <summary>Whether a column of the input, by its index, is needed for those of the output that are active.</summary>
    Func<int, bool> GetDependencies(Func<int, bool> activeOutput);

    /// <summary>A getter, of type <see cref="ValueGetter{TValue}"/>, for each column of the output; null for those that are not active.</summary>
    /// <param name="input">The row, which moves on.</param>
    /// <param name="activeOutput">Whether a column of the output is asked for.</param>
    /// <param name="disposer">What to do when the row is needed no more.</param>
    Delegate?[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action? disposer);
}
