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
        foreach ((string name, byte[] file) in Pictures().Concat(Photos()))
        {
            string path = _folder.Write(name, file);
            if (Record.Exception(() => ImageFile.CheckWhole(path)) is not null)
                continue;
            Assert.True(TurboJpeg.Suits(ImageFileHeader.Read(path)));
            Assert.Equal(BySkia(file), ImageFile.ReadRgba(path, ImageOrientation.AsStored).Rgba);
            using (var image = ImageFile.Load(file, name, ImageOrientation.AsStored))
                Assert.Equal(BySkia(file)!.Where((_, i) => i % 4 != 3), RgbPixels.From(image));
            compared++;
        }
        Assert.True(compared >= 20, $"{compared} files were compared.");
    }

    [TurboJpegFact]
    public void A_damaged_jpeg_is_refused_where_SkiaSharp_refuses_it()
    {
        var random = new Random(1);
        byte[] whole = Photo(67, 45, quality: 80);
        int read = 0, refused = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] file = [.. whole];
            file[random.Next(2, file.Length - 2)] = (byte)random.Next(256);
            string path = _folder.Write("damaged.jpg", file);
            if (Record.Exception(() => ImageFile.CheckWhole(path)) is not null)
                continue;
            byte[]? expected = BySkia(file), actual = null;
            if (Record.Exception(() => actual = ImageFile.ReadRgba(path, ImageOrientation.AsStored).Rgba) is { } exception)
                Assert.Contains("cannot be decoded", Assert.IsType<InvalidDataException>(exception).Message);
            // Numbers that no encoder writes overflow in another way in SIMD code, so damage that nobody notices looks different.
            Assert.Equal(expected?.Length, actual?.Length);
            (read, refused) = (read + (expected is null ? 0 : 1), refused + (expected is null ? 1 : 0));
        }
        Assert.True(read > 100 && refused > 5, $"{read} were read and {refused} refused.");
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
