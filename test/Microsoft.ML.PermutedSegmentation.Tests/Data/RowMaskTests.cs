using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

// Not through a transformed view: ML.NET would read its rows ahead, in parallel.
public sealed class RowMaskTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly DataViewRowCursor _cursor;

    public RowMaskTests()
    {
        _folder.WriteMask("one.png", [0, 1, 2, 255, 1, 0], 3, 2);
        _folder.WriteMask("two.png", [2, 2], 1, 2);
        var view = new MLContext().Data.LoadFromEnumerable(new[] { "one.png", "two.png" }.Select(name => new Input { MaskPath = name }));
        _cursor = view.GetRowCursor(view.Schema);
        _cursor.MoveNext();
    }

    public void Dispose()
    {
        _cursor.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_row_is_decoded_once_for_both_columns()
    {
        var mask = Create(new MaskReader(["a", "b", "c"], ClassPalette.Voc));
        VBuffer<byte> keys = default;
        VBuffer<int> size = default;
        mask.GetSize(ref size);
        File.Delete(_folder.At("one.png"));
        mask.GetKeyValues(ref keys);
        Assert.Equal([2, 3], size.DenseValues());
        Assert.Equal([1, 2, 3, 0, 2, 1], keys.DenseValues());

        _cursor.MoveNext();
        mask.GetKeyValues(ref keys);
        Assert.Equal([3, 3], keys.DenseValues());
    }

    [Fact]
    public void A_callers_changes_do_not_reach_the_next_caller()
    {
        var mask = Create(new MaskReader(["a", "b", "c"], ClassPalette.Voc));
        VBuffer<byte> first = default, second = default;
        mask.GetKeyValues(ref first);
        VBufferEditor.CreateFromBuffer(ref first).Values.Fill(9);
        mask.GetKeyValues(ref second);
        Assert.Equal([1, 2, 3, 0, 2, 1], second.DenseValues());
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_an_error_every_time()
    {
        var mask = Create(new MaskReader(["a", "b"], ClassPalette.Voc));
        VBuffer<int> size = default;
        Assert.Throws<InvalidDataException>(() => mask.GetSize(ref size));
        Assert.Throws<InvalidDataException>(() => mask.GetSize(ref size));
    }

    private RowMask Create(MaskReader reader) => new(_cursor, _cursor.Schema["MaskPath"], _folder.Root, reader);

    private sealed class Input
    {
        public string MaskPath { get; set; } = "";
    }
}
