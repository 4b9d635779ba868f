namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>
/// What a key does to every block of an image: value p of a block is read at another place of the same block, and through
/// one of two tables of 256 values. All three methods are of this form.
/// </summary>
/// <remarks>
/// Value p = (row * M + column) * 3 + channel of a block of M x M pixels, with red, green, blue as channels 0, 1, 2.
/// May be used from several threads at once.
/// </remarks>
internal sealed class BlockTransform : PixelTransform
{
    private const int Channels = 3;
    private const int BytesPerPixel = 4;
    private const int TableSize = 256;

    private readonly int _blockSize;
    private readonly int[] _order;      // where value p is read
    private readonly int[] _tables;     // where the table of value p begins in _values: 0 or TableSize
    private readonly float[] _values;
    private readonly byte[] _rounded;   // the same to the nearest byte
    private Layout? _latest;

    private BlockTransform(int blockSize, int[] order, int[] tables, float[] values)
    {
        (_blockSize, _order, _tables, _values) = (blockSize, order, tables, values);
        _rounded = Array.ConvertAll(values, value => (byte)MathF.Floor(value + 0.5f));
    }

    /// <summary>The transform of a method under a key.</summary>
    public static BlockTransform Derive(BlockTransformMethod method, int blockSize, PermutationKey key, ReadOnlySpan<byte> salt)
    {
        switch (method)
        {
            case BlockTransformMethod.Shuffle:
                int[] order = key.GetBlockOrder(salt, "shuffle", blockSize);
                return new BlockTransform(blockSize, order, new int[order.Length], TwoTables(value => value, value => value));
            case BlockTransformMethod.NegativePositive:
                return Substitution(blockSize, key.GetBlockOrder(salt, "negative-positive", blockSize),
                    value => value, value => byte.MaxValue - value);
            case BlockTransformMethod.FormatPreserving:
                var code = new ThreeDigitCode(key.GetThreeDigitCodes(salt));
                return Substitution(blockSize, key.GetBlockOrder(salt, "ffx-positions", blockSize),
                    value => code.Scale(value), value => code.Scale(code.Encrypt(value)));
            default:
                throw new ArgumentOutOfRangeException(nameof(method), method, "Unknown method.");
        }
    }

    /// <summary>The transform that undoes this one.</summary>
    /// <exception cref="InvalidOperationException">A table makes two values the same, as FFX does when it rounds to 8 bits.</exception>
    public BlockTransform Inverse()
    {
        int[] order = new int[_order.Length], tables = new int[_order.Length];
        for (int p = 0; p < _order.Length; p++)
            (order[_order[p]], tables[_order[p]]) = (p, _tables[p]);
        return new BlockTransform(_blockSize, order, tables, [.. InverseTable(0), .. InverseTable(TableSize)]);
    }

    /// <summary>Transforms an image of whole blocks, pixels of four bytes; the fourth, alpha, stays.</summary>
    /// <param name="source">The image, height * width * 4 bytes.</param>
    /// <param name="target">The result, in the same form; not the same memory.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="isBgr">Whether blue comes first, and not red.</param>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> target, int width, bool isBgr)
    {
        source.CopyTo(target);
        ApplyToBlocks(source, target, _rounded, LayoutFor(width, BytesPerPixel, isBgr));
    }

    /// <inheritdoc/>
    /// <remarks>Of whole blocks, and without rounding: only FFX has values that are not whole numbers.</remarks>
    public override void Apply(ReadOnlySpan<byte> rgb, Span<float> target, int width)
        => ApplyToBlocks(rgb, target, _values, LayoutFor(width, Channels, isBgr: false));

    private void ApplyToBlocks<T>(ReadOnlySpan<byte> source, Span<T> target, ReadOnlySpan<T> values, Layout layout)
    {
        int stride = layout.Width * layout.PixelSize;
        for (int rows = 0; rows < source.Length; rows += _blockSize * stride)
        {
            for (int block = rows; block < rows + stride; block += _blockSize * layout.PixelSize)
                ApplyToBlock(source[block..], target[block..], values, layout);
        }
    }

    private void ApplyToBlock<T>(ReadOnlySpan<byte> source, Span<T> target, ReadOnlySpan<T> values, Layout layout)
    {
        ReadOnlySpan<int> to = layout.To, from = layout.From, tables = _tables;
        for (int p = 0; p < to.Length; p++)
            target[to[p]] = values[tables[p] + source[from[p]]];
    }

    // The images of a column mostly have one width.
    private Layout LayoutFor(int width, int pixelSize, bool isBgr)
        => _latest is { } latest && latest.Width == width && latest.PixelSize == pixelSize && latest.IsBgr == isBgr
            ? latest
            : _latest = new Layout(width, pixelSize, isBgr, OffsetsOfValues(width, pixelSize, isBgr), _order);

    // Where each value of the image's first block lies.
    private int[] OffsetsOfValues(int width, int pixelSize, bool isBgr)
    {
        int[] offsets = new int[_order.Length];
        for (int p = 0; p < offsets.Length; p++)
        {
            int pixel = p / Channels, channel = p % Channels;
            int row = pixel / _blockSize, column = pixel % _blockSize;
            offsets[p] = (row * width + column) * pixelSize + (isBgr ? Channels - 1 - channel : channel);
        }
        return offsets;
    }

    // The first half of a keyed order says which places are encrypted; of an odd number the smaller half.
    private static BlockTransform Substitution(int blockSize, int[] keyedOrder, Func<byte, float> otherwise, Func<byte, float> keyed)
    {
        int[] inPlace = [.. Enumerable.Range(0, keyedOrder.Length)], tables = new int[keyedOrder.Length];
        foreach (int p in keyedOrder.AsSpan(0, keyedOrder.Length / 2))
            tables[p] = TableSize;
        return new BlockTransform(blockSize, inPlace, tables, TwoTables(otherwise, keyed));
    }

    private static float[] TwoTables(Func<byte, float> first, Func<byte, float> second)
    {
        float[] values = new float[2 * TableSize];
        for (int value = 0; value < TableSize; value++)
            (values[value], values[TableSize + value]) = (first((byte)value), second((byte)value));
        return values;
    }

    private float[] InverseTable(int table)
    {
        float[] inverse = new float[TableSize];
        var seen = new bool[TableSize];
        for (int value = 0; value < TableSize; value++)
        {
            byte result = _rounded[table + value];
            if (seen[result])
                throw new InvalidOperationException("Some values became the same when they were encrypted and rounded to 8 bits, so the image cannot be decrypted.");
            (seen[result], inverse[result]) = (true, value);
        }
        return inverse;
    }

    /// <summary>Offsets of a block's values in images of one width: where value p is written and where it is read.</summary>
    private sealed class Layout(int width, int pixelSize, bool isBgr, int[] to, int[] order)
    {
        public int Width => width;

        public int PixelSize => pixelSize;

        public bool IsBgr => isBgr;

        public int[] To => to;

        public int[] From { get; } = Array.ConvertAll(order, p => to[p]);
    }
}
