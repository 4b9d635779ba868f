namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Cursors that do no more than they are asked for.</summary>
internal static class LazyCursor
{
    /// <summary>
    /// A cursor that computes a value when its getter is called and not before. What <see cref="IDataView.GetRowCursor"/>
    /// gives may instead run ahead on several threads, computing every active column of rows that the caller will skip,
    /// and wrap what a getter throws.
    /// </summary>
    public static DataViewRowCursor GetLazyCursor(this IDataView data, IEnumerable<DataViewSchema.Column> columns)
    {
        DataViewSchema.Column[] needed = [.. columns];
        DataViewRowCursor[] cursors = data.GetRowCursorSet(needed, 1);
        if (cursors is [var only])
            return only;
        // The number asked for is a wish; a set is of no use to who wants the rows in order.
        foreach (DataViewRowCursor cursor in cursors)
            cursor.Dispose();
        return data.GetRowCursor(needed);
    }
}
