using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>
/// The values that a column has in some rows of a cursor, kept while the cursor goes on: a source may give its rows only once, so that
/// no second cursor can bring them.
/// </summary>
internal abstract class CarriedColumn
{
    /// <summary>Binds to a column of a cursor.</summary>
    /// <param name="rows">The cursor.</param>
    /// <param name="column">An active column of it.</param>
    /// <param name="capacity">How many rows are kept.</param>
    public static CarriedColumn Create(DataViewRow rows, DataViewSchema.Column column, int capacity)
    {
        Type type = column.Type is VectorDataViewType vector
            ? typeof(OfVectors<>).MakeGenericType(vector.ItemType.RawType)
            : typeof(OfValues<>).MakeGenericType(column.Type.RawType);
        return (CarriedColumn)Activator.CreateInstance(type, rows, column, capacity)!;
    }

    /// <summary>The same values, kept from another cursor or row.</summary>
    public abstract CarriedColumn From(DataViewRow rows);

    /// <summary>Forgets an object that is kept, which may be large.</summary>
    public abstract void Forget(int index);

    /// <summary>Keeps the current row's value.</summary>
    public abstract void Keep(int index);

    /// <summary>Gives a kept value.</summary>
    public abstract void Get<TValue>(int index, ref TValue value);

    private static ref TValue As<T, TValue>(ref T slot)
    {
        if (typeof(T) != typeof(TValue))
            throw new InvalidOperationException($"The column has values of type {typeof(T)}, which cannot be read as {typeof(TValue)}.");
        return ref System.Runtime.CompilerServices.Unsafe.As<T, TValue>(ref slot);
    }

    private sealed class OfValues<T>(DataViewRow rows, DataViewSchema.Column column, T[] values) : CarriedColumn
    {
        private readonly ValueGetter<T> _get = rows.GetGetter<T>(column);
        private readonly T[] _values = values;

        public OfValues(DataViewRow rows, DataViewSchema.Column column, int capacity)
            : this(rows, column, new T[capacity])
        {
        }

        public override CarriedColumn From(DataViewRow rows) => new OfValues<T>(rows, rows.Schema[column.Index], _values);

        public override void Keep(int index) => _get(ref _values[index]);

        public override void Get<TValue>(int index, ref TValue value) => value = As<T, TValue>(ref _values[index]);

        public override void Forget(int index)
        {
            if (!typeof(T).IsValueType)
                _values[index] = default!;
        }
    }

    private sealed class OfVectors<T>(DataViewRow rows, DataViewSchema.Column column, VBuffer<T>[] values) : CarriedColumn
    {
        private readonly ValueGetter<VBuffer<T>> _get = rows.GetGetter<VBuffer<T>>(column);
        private readonly VBuffer<T>[] _values = values;

        public OfVectors(DataViewRow rows, DataViewSchema.Column column, int capacity)
            : this(rows, column, new VBuffer<T>[capacity])
        {
        }

        public override CarriedColumn From(DataViewRow rows) => new OfVectors<T>(rows, rows.Schema[column.Index], _values);

        public override void Keep(int index) => _get(ref _values[index]);

        // Its memory is used again.
        public override void Forget(int index)
        {
        }

        // A copy: whoever gets a vector may change it.
        public override void Get<TValue>(int index, ref TValue value) => _values[index].CopyTo(ref As<TValue, VBuffer<T>>(ref value));
    }
}
