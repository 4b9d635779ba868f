using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>
/// A column of masks, <c>Vector&lt;Key&lt;Byte&gt;, height, width&gt;</c>. Where the type does not tell the height and width,
/// a second column, named after the first with "Size" appended, does: <c>Vector&lt;Int32, 2&gt;</c> of (height, width).
/// </summary>
internal sealed class MaskColumn
{
    private readonly DataViewSchema.Column _values;
    private readonly DataViewSchema.Column? _size;
    private readonly int _height;
    private readonly int _width;

    private MaskColumn(DataViewSchema.Column values, int classCount, DataViewSchema.Column size)
        : this(values, classCount, 0, 0) => _size = size;

    private MaskColumn(DataViewSchema.Column values, int classCount, int height, int width)
    {
        _values = values;
        _height = height;
        _width = width;
        ClassCount = classCount;
        ClassNames = ReadClassNames(values, classCount);
    }

    public string Name => _values.Name;

    public int ClassCount { get; }

    /// <summary>The KeyValues annotation, or null without one.</summary>
    public IReadOnlyList<string>? ClassNames { get; }

    /// <summary>The columns a cursor needs.</summary>
    public IEnumerable<DataViewSchema.Column> Columns => _size is { } size ? [_values, size] : [_values];

    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or its type is not a mask's.</exception>
    public static MaskColumn Find(DataViewSchema schema, string name, string parameter)
    {
        if (schema.GetColumnOrNull(name) is not { } column)
            throw new ArgumentOutOfRangeException(parameter, $"The data has no column '{name}'; it has {string.Join(", ", schema.Select(c => $"'{c.Name}'"))}.");
        if (column.Type is not VectorDataViewType { ItemType: KeyDataViewType key } type || key.RawType != typeof(byte))
            throw new ArgumentOutOfRangeException(parameter, $"Column '{name}' holds {column.Type}; a mask is Vector<Key<Byte>, height, width>, where class k is key value k + 1 and 0 is void.");

        int classCount = (int)key.Count;
        if (type.Dimensions is [> 0 and int height, > 0 and int width])
            return new MaskColumn(column, classCount, height, width);
        if (schema.GetColumnOrNull(name + ColumnNames.SizeSuffix) is { Type: VectorDataViewType { Size: 2 } sizeType } size && sizeType.ItemType == NumberDataViewType.Int32)
            return new MaskColumn(column, classCount, size);
        throw new ArgumentOutOfRangeException(parameter, $"The height and width of column '{name}' are not known: its type is {type}, and there is no column '{name}{ColumnNames.SizeSuffix}' of type Vector<Int32, 2>.");
    }

    public Reader CreateReader(DataViewRow row) => new(this, row);

    private static string[]? ReadClassNames(DataViewSchema.Column column, int classCount)
    {
        if (column.Annotations.Schema.GetColumnOrNull(ColumnNames.KeyValues) is not { Type: VectorDataViewType { ItemType: TextDataViewType } type } || type.Size != classCount)
            return null;
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.Annotations.GetValue(ColumnNames.KeyValues, ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    /// <summary>Reads the mask of a cursor's current row.</summary>
    internal sealed class Reader
    {
        private readonly MaskColumn _column;
        private readonly DataViewRow _row;
        private readonly ValueGetter<VBuffer<byte>> _getValues;
        private readonly ValueGetter<VBuffer<int>>? _getSize;
        private VBuffer<byte> _values;
        private VBuffer<int> _size;
        private byte[] _dense = [];

        public Reader(MaskColumn column, DataViewRow row)
        {
            _column = column;
            _row = row;
            Height = column._height;
            Width = column._width;
            _getValues = row.GetGetter<VBuffer<byte>>(column._values);
            _getSize = column._size is { } size ? row.GetGetter<VBuffer<int>>(size) : null;
        }

        public int Height { get; private set; }

        public int Width { get; private set; }

        public (int Height, int Width) Size => (Height, Width);

        /// <summary>The key values of the row's mask, valid until the next call.</summary>
        /// <exception cref="InvalidDataException">The number of values is not height times width.</exception>
        public ReadOnlySpan<byte> Read()
        {
            if (_getSize is not null)
            {
                _getSize(ref _size);
                (Height, Width) = (_size.GetItemOrDefault(0), _size.GetItemOrDefault(1));
            }
            _getValues(ref _values);
            if (Height < 1 || Width < 1 || (long)Height * Width != _values.Length)
                throw new InvalidDataException($"Row {_row.Position} (counted from 0) has {_values.Length} values in column '{_column.Name}', which is not a mask of {Height} x {Width} pixels (height x width).");
            if (!_values.IsDense)
            {
                if (_dense.Length != _values.Length)
                    _dense = new byte[_values.Length];
                _values.CopyTo(_dense);
            }
            return Current;
        }

        /// <summary>What <see cref="Read"/> gave last.</summary>
        public ReadOnlySpan<byte> Current => _values.IsDense ? _values.GetValues() : _dense;
    }
}
