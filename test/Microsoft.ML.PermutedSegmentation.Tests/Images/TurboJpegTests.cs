using System.Text.Json;
using SkiaSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The system's libjpeg-turbo gives what SkiaSharp's gives, bit for bit, and refuses what that refuses.</summary>
public sealed class TurboJpegTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TurboJpegFact]
    public void Every_kind_of_jpeg_has_the_same_pixels()
    {
        int compared = 0;
        foreach ((string name, byte[] file) in Pictures().Concat(Samplings()).Concat(Photos()))
        {
            string path = _folder.Write(name, file);
            if (Record.Exception(() => ImageFile.CheckWhole(path)) is not null)
                continue;
            byte[] expected = BySkia(file)!;
            Assert.Equal(expected, ImageFile.ReadRgba(path, ImageOrientation.AsStored).Rgba);
            // Which it does not know: SkiaSharp has decoded it.
            if (name == "sampling-410.jpg")
                continue;
            Assert.Equal(expected, ByTurbo(path, SKColorType.Rgba8888));
            Assert.Equal(expected.Chunk(4).SelectMany(pixel => new[] { pixel[2], pixel[1], pixel[0], pixel[3] }), ByTurbo(path, SKColorType.Bgra8888));
            using (var image = ImageFile.Load(file, name, ImageOrientation.AsStored))
                Assert.Equal(expected.Where((_, i) => i % 4 != 3), RgbPixels.From(image));
            compared++;
        }
        Assert.True(compared >= 25, $"{compared} files were compared.");
    }

    [TurboJpegFact]
    public void A_damaged_jpeg_is_refused_where_SkiaSharp_refuses_it()
    {
        var random = new Random(1);
        byte[] whole = Photo(67, 45, quality: 80);
        int read = 0, refused = 0, byTurbo = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] file = [.. whole];
            file[random.Next(2, file.Length - 2)] = (byte)random.Next(256);
            string path = _folder.Write("damaged.jpg", file);
            if (Record.Exception(() => ImageFile.CheckWhole(path)) is not null)
                continue;
            byte[]? expected = BySkia(file), actual = null;
            byTurbo += ByTurbo(path, SKColorType.Rgba8888) is null ? 0 : 1;
            if (Record.Exception(() => actual = ImageFile.ReadRgba(path, ImageOrientation.AsStored).Rgba) is { } exception)
                Assert.Contains("cannot be decoded", Assert.IsType<InvalidDataException>(exception).Message);
            // Numbers that no encoder writes overflow in another way in SIMD code, so damage that nobody notices looks different.
            Assert.Equal(expected?.Length, actual?.Length);
            (read, refused) = (read + (expected is null ? 0 : 1), refused + (expected is null ? 1 : 0));
        }
        Assert.True(read > 100 && refused > 5 && byTurbo > 100, $"{read} were read, {byTurbo} of them by libjpeg-turbo, and {refused} refused.");
    }

    // A scan of a few bytes goes through the whole picture: thousands of them are minutes.
    [TurboJpegFact]
    public void A_jpeg_of_many_scans_is_refused()
    {
        byte[] whole = Samplings().Single(file => file.Name.Contains("two-scans")).File;
        // The last scan, from its marker to the end marker, again and again.
        int scan = whole.AsSpan().LastIndexOf([(byte)0xFF, (byte)0xDA]), scans = whole.AsSpan().Count([(byte)0xFF, (byte)0xDA]);
        Assert.NotNull(ByTurbo(WithScans(99), SKColorType.Rgba8888));
        Assert.Null(ByTurbo(WithScans(100), SKColorType.Rgba8888));
        Assert.Contains("cannot be decoded", Assert.Throws<InvalidDataException>(() => ImageFile.Load(WithScans(5000))).Message);

        string WithScans(int count) => _folder.Write("scans.jpg", [.. whole[..scan], .. Enumerable.Repeat(whole[scan..^2], count - scans + 1).SelectMany(part => part), .. whole[^2..]]);
    }

    private static byte[]? ByTurbo(string path, SKColorType type)
    {
        ImageFileHeader header = ImageFileHeader.Read(path);
        byte[] pixels = new byte[header.StoredHeight * header.StoredWidth * 4];
        Assert.True(TurboJpeg.Suits(header));
        return TurboJpeg.Decode(header, type, pixels) ? pixels : null;
    }

    private static byte[]? BySkia(byte[] file)
    {
        using SKCodec? codec = SKCodec.Create(new MemoryStream(file));
        if (codec is null)
            return null;
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        return codec.GetPixels(info, out byte[] pixels) == SKCodecResult.Success ? pixels : null;
    }

    // make_pictures.py wrote them with Pillow.
    private static IEnumerable<(string Name, byte[] File)> Pictures()
    {
        using Stream stream = typeof(TurboJpegTests).Assembly.GetManifestResourceStream("pictures.json")!;
        foreach (JsonElement picture in JsonDocument.Parse(stream).RootElement.EnumerateArray())
        {
            if (picture.GetProperty("name").GetString() is { } name && name.EndsWith(".jpg", StringComparison.Ordinal))
                yield return (name, picture.GetProperty("file").GetBytesFromBase64());
        }
    }

    // cjpeg wrote them, libjpeg-turbo's own program: -sample 1x2,1x1,1x1 and so on.
    private static IEnumerable<(string Name, byte[] File)> Samplings() =>
        from name in typeof(TurboJpegTests).Assembly.GetManifestResourceNames()
        where name.StartsWith("sampling-", StringComparison.Ordinal)
        select (name, Resource(name));

    private static byte[] Resource(string name)
    {
        using Stream stream = typeof(TurboJpegTests).Assembly.GetManifestResourceStream(name)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static IEnumerable<(string Name, byte[] File)> Photos() =>
        from size in (int[])[1, 7, 8, 16, 17, 130]
        from quality in (int[])[30, 100]
        select ($"{size}-{quality}.jpg", Photo(size, 2 * size + 1, quality));

    private static byte[] Photo(int height, int width, int quality)
    {
        var random = new Random(height);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                bitmap.SetPixel(x, y, new SKColor((byte)(x * 3), (byte)(y * 5), (byte)random.Next(256)));
        }
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality);
        return data.ToArray();
    }
}
