using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

// Not through a transformed view: ML.NET would read its rows ahead, in parallel.
public sealed class RowMaskTests : IDisposable
{
    private const int LargeWidth = 500, LargeHeight = 375;

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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Masks_are_decoded_in_memory_that_is_there(bool inColors)
    {
        string[] files = [_folder.At("one.png"), _folder.At("two.png")];
        foreach (string file in files)
            WriteLarge(file, inColors);
        var mask = Create(new MaskReader(["a", "b", "c"], ClassPalette.Voc));
        var reader = new MaskReader(["a", "b", "c"], ClassPalette.Voc);
        VBuffer<byte> keys = default;
        byte[] buffer = [];
        mask.GetKeyValues(ref keys);
        reader.Read(files[1], ref buffer);
        _cursor.MoveNext();
        long before = GC.GetAllocatedBytesForCurrentThread();
        mask.GetKeyValues(ref keys);
        for (int i = 0; i < 9; i++)
            reader.Read(files[1], ref buffer);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10 * LargeWidth * LargeHeight / 8);
        Assert.True(keys.DenseValues().SequenceEqual(Enumerable.Range(0, LargeWidth * LargeHeight).Select(p => (byte)(p % 3 + 1))));
        Assert.True(keys.DenseValues().SequenceEqual(buffer));
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

    private void WriteLarge(string file, bool inColors)
    {
        byte[] classes = [.. Enumerable.Range(0, LargeWidth * LargeHeight).Select(p => (byte)(p % 3))];
        IndexedPng.Write(file, classes, LargeWidth, LargeHeight, ClassPalette.Voc);
        if (!inColors)
            return;
        using var bitmap = SkiaSharp.SKBitmap.Decode(file);
        using FileStream stream = File.Create(file);
        bitmap.Encode(stream, SkiaSharp.SKEncodedImageFormat.Png, 100);
    }

    private RowMask Create(MaskReader reader) => new(_cursor, _cursor.Schema["MaskPath"], _folder.Root, reader);

    private sealed class Input
    {
        public string MaskPath { get; set; } = "";
    }
}
