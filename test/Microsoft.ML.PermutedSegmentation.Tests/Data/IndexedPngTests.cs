using System.Buffers;
using SkiaSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class IndexedPngTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("indexed1", 2)]
    [InlineData("indexed2", 4)]
    [InlineData("indexed4", 16)]
    [InlineData("indexed8", 23)]
    [InlineData("grey1", 2)]
    [InlineData("grey2", 4)]
    [InlineData("grey4", 16)]
    [InlineData("grey8", 23)]
    [InlineData("indexed1-adam7", 2)]
    [InlineData("indexed2-adam7", 4)]
    [InlineData("indexed4-adam7", 16)]
    [InlineData("indexed8-adam7", 23)]
    [InlineData("indexed8-filter0", 23)]
    [InlineData("indexed8-filter1", 23)]
    [InlineData("indexed8-filter2", 23)]
    [InlineData("indexed8-filter3", 23)]
    [InlineData("indexed8-filter4", 23)]
    [InlineData("indexed8-split", 23)]
    public void Reads_the_indices_that_another_encoder_wrote(string name, int levels)
    {
        string path = _folder.Write("mask.png", PngFixtures.Get(name));
        var (indices, height, width) = IndexedPng.Read(path);
        Assert.Equal((PngFixtures.Height, PngFixtures.Width), (height, width));
        Assert.Equal(PngFixtures.Expected(levels), indices);
        Assert.Equal((PngFixtures.Height, PngFixtures.Width), IndexedPng.ReadSize(path));
    }

    [Theory]
    [InlineData("indexed2-adam7", 4)]
    [InlineData("indexed8-filter2", 23)]
    [InlineData("indexed8-filter4", 23)]
    public void What_others_left_in_the_buffers_does_not_matter(string name, int levels)
    {
        for (int length = 16; length <= 1 << 14; length *= 2)
        {
            byte[][] buffers = [.. Enumerable.Range(0, 4).Select(_ => ArrayPool<byte>.Shared.Rent(length))];
            foreach (byte[] buffer in buffers)
            {
                buffer.AsSpan().Fill(byte.MaxValue);
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        using PngImage image = PngDecoder.Decode(new MemoryStream(PngFixtures.Get(name)), "m.png");
        Assert.Equal(PngFixtures.Expected(levels), image.Samples.ToArray());
    }

    [Theory]
    [InlineData("rgb8", "Rgb")]
    [InlineData("rgba8-adam7", "Rgba")]
    [InlineData("grey-alpha8", "GreyAlpha")]
    [InlineData("grey16", "16 bits")]
    public void Refuses_files_without_class_indices(string name, string reason)
    {
        string path = _folder.Write("mask.png", PngFixtures.Get(name));
        var exception = Assert.Throws<InvalidDataException>(() => IndexedPng.Read(path));
        Assert.Contains(path, exception.Message);
        Assert.Contains(reason, exception.Message);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(256, 5)]
    public void Reads_back_what_it_writes(int width, int height)
    {
        var indices = new byte[width * height];
        new Random(1).NextBytes(indices);
        string path = _folder.At("mask.png");
        IndexedPng.Write(path, indices, width, height, ClassPalette.Voc);
        var read = IndexedPng.Read(path);
        Assert.Equal((height, width), (read.Height, read.Width));
        Assert.Equal(indices, read.Indices);
        Assert.Equal([path], Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public void Other_decoders_see_the_palettes_colors()
    {
        byte[] indices = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        string path = _folder.At("mask.png");
        IndexedPng.Write(path, indices, 16, 16, ClassPalette.Voc);
        using var bitmap = SKBitmap.Decode(path);
        Assert.All(indices, i =>
        {
            var color = bitmap.GetPixel(i % 16, i / 16);
            Assert.Equal(ClassPalette.Voc[i], (color.Red, color.Green, color.Blue));
            Assert.Equal(255, color.Alpha);
        });
    }

    [Fact]
    public void Colors_beyond_the_palette_are_black_and_void_is_void()
    {
        string path = _folder.At("mask.png");
        IndexedPng.Write(path, [0, 1, 255], 3, 1, ClassPalette.FromColors([(9, 8, 7)], voidColor: (4, 5, 6)));
        using var bitmap = SKBitmap.Decode(path);
        Assert.Equal(new SKColor(9, 8, 7), bitmap.GetPixel(0, 0));
        Assert.Equal(SKColors.Black, bitmap.GetPixel(1, 0));
        Assert.Equal(new SKColor(4, 5, 6), bitmap.GetPixel(2, 0));
    }

    [Fact]
    public void A_write_that_fails_leaves_nothing_behind()
    {
        string path = _folder.At("mask.png");
        Assert.Throws<ArgumentException>(() => IndexedPng.Write(path, [1, 2, 3], 2, 2, ClassPalette.Voc));
        Assert.Empty(Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public void Every_truncation_of_a_file_is_refused()
    {
        byte[] file = PngFixtures.Get("indexed4");
        for (int length = 0; length < file.Length; length++)
        {
            var start = new MemoryStream(file, 0, length);
            var exception = Assert.Throws<InvalidDataException>(() => PngDecoder.Decode(start, "m.png"));
            Assert.Contains("'m.png'", exception.Message);
        }
    }

    [Fact]
    public void Refuses_a_chunk_whose_checksum_is_wrong()
    {
        byte[] file = PngFixtures.Get("indexed8");
        file[^13] ^= 1; // the last byte of IDAT's checksum
        var exception = Assert.Throws<InvalidDataException>(() => PngDecoder.Decode(new MemoryStream(file), "m.png"));
        Assert.Contains("checksum of its chunk IDAT", exception.Message);
    }

    [Theory]
    [InlineData(0, 5, "size")]
    [InlineData(5, 0, "size")]
    [InlineData(-1, -1, "size")]
    [InlineData(1 << 15, 1 << 14, "size")]
    [InlineData(1 << 14, 1 << 14, "cannot hold")]
    [InlineData(5, 6, "less image data")]
    [InlineData(5, 4, "more image data")]
    public void Refuses_a_size_that_the_file_does_not_hold_without_allocating_it(int width, int height, string reason)
    {
        using var stream = new MemoryStream();
        IndexedPng.Write(stream, new byte[25], 5, 5, ClassPalette.Voc);
        byte[] file = stream.ToArray();
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), width);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), height);
        PngMutations.FixChecksums(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var exception = Assert.Throws<InvalidDataException>(() => PngDecoder.Decode(new MemoryStream(file), "m.png"));
        Assert.Contains(reason, exception.Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Refuses_a_chunk_longer_than_the_file()
    {
        byte[] file = PngFixtures.Get("indexed8");
        file[33] = 0x7F; // the length of the second chunk
        var exception = Assert.Throws<InvalidDataException>(() => PngDecoder.Decode(new MemoryStream(file), "m.png"));
        Assert.Contains("truncated", exception.Message);
    }

    [Fact]
    public void Refuses_an_unknown_critical_chunk_and_ignores_bytes_after_the_end()
    {
        byte[] file = PngFixtures.Get("indexed8-split");
        int text = file.AsSpan().IndexOf("tEXt"u8);
        Assert.Equal(PngFixtures.Expected(23), PngDecoder.Decode(new MemoryStream([.. file, 1, 2, 3]), "m.png").Samples.ToArray());
        file[text] = (byte)'T';
        PngMutations.FixChecksums(file);
        var exception = Assert.Throws<InvalidDataException>(() => PngDecoder.Decode(new MemoryStream(file), "m.png"));
        Assert.Contains("TEXt", exception.Message);
    }

    [Fact]
    public void Keeps_palette_and_transparency_as_they_are_in_the_file()
    {
        var image = PngDecoder.Decode(new MemoryStream(PngFixtures.Get("indexed2")), "m.png");
        Assert.Equal([0, 3, 200, 0, 3, 200, 10, 3, 200, 10, 3, 200], image.Palette);
        Assert.Equal([0, 255, 0, 255], image.Transparency);
        var grey = PngDecoder.Decode(new MemoryStream(PngFixtures.Get("grey2")), "m.png");
        Assert.Null(grey.Palette);
        Assert.Null(grey.Transparency);
    }

    [Theory]
    [InlineData("PLTE", "tEXt", "no palette")] // the type of a chunk becomes another one
    [InlineData("tRNS", "PLTE", "PLTE is not allowed there")]
    [InlineData("PLTE", "tRNS", "no palette")]
    public void Refuses_an_indexed_file_without_its_palette(string type, string newType, string reason)
    {
        byte[] file = PngFixtures.Get("indexed8");
        System.Text.Encoding.ASCII.GetBytes(newType).CopyTo(file, file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(type)));
        PngMutations.FixChecksums(file);
        var exception = Assert.Throws<InvalidDataException>(() => PngDecoder.Decode(new MemoryStream(file), "m.png"));
        Assert.Contains(reason, exception.Message);
    }

    [Theory]
    [InlineData(0, 0, "palette has 0 bytes")]
    [InlineData(4, 0, "palette has 4 bytes")]
    [InlineData(257 * 3, 0, "palette has 771 bytes")]
    [InlineData(2 * 3, 3, "tRNS of 3 bytes")]
    public void Refuses_a_palette_or_transparency_of_a_wrong_length(int paletteBytes, int transparencyBytes, string reason)
    {
        byte[] file = PngFixtures.Get("indexed1");
        int start = file.AsSpan().IndexOf("PLTE"u8) - 4, end = file.AsSpan().IndexOf("IDAT"u8) - 4;
        file = [.. file[..start], .. Chunk("PLTE"u8, paletteBytes), .. Chunk("tRNS"u8, transparencyBytes), .. file[end..]];
        PngMutations.FixChecksums(file);
        var exception = Assert.Throws<InvalidDataException>(() => PngDecoder.Decode(new MemoryStream(file), "m.png"));
        Assert.Contains(reason, exception.Message);

        static byte[] Chunk(ReadOnlySpan<byte> type, int length) => [0, 0, (byte)(length >> 8), (byte)length, .. type, .. new byte[length + 4]];
    }

    [Fact]
    public void Refuses_image_data_that_zlib_cannot_check()
    {
        using var stream = new MemoryStream();
        IndexedPng.Write(stream, new byte[25], 5, 5, ClassPalette.Voc);
        byte[] file = stream.ToArray();
        file[^17] ^= 1; // the last byte of zlib's own checksum
        PngMutations.FixChecksums(file);
        var exception = Assert.Throws<InvalidDataException>(() => PngDecoder.Decode(new MemoryStream(file), "m.png"));
        Assert.Contains("damaged", exception.Message);
    }

    [Theory]
    [InlineData("indexed4")]
    [InlineData("indexed8-split")]
    [InlineData("indexed2-adam7")]
    [InlineData("rgba8-adam7")]
    public void Random_damage_is_refused_or_harmless(string name)
    {
        byte[] original = PngFixtures.Get(name);
        var random = new Random(7);
        int accepted = 0;
        for (int i = 0; i < 3000; i++)
        {
            byte[] file = PngMutations.Mutate(original, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var (header, samples, _, _) = PngDecoder.Decode(new MemoryStream(file), "m.png");
                Assert.Equal((long)header.Width * header.Height * header.Channels, samples.Count);
                accepted++;
            }
            catch (InvalidDataException exception)
            {
                Assert.Contains("'m.png'", exception.Message);
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16 << 20);
        }

        // Some mutants must get past the checksums, or the test would only test those.
        Assert.InRange(accepted, 1, 2999);
    }
}
