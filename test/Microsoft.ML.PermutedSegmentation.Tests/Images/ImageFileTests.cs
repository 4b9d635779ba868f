using SkiaSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ImageFileTests : IDisposable
{
    // An APP1 segment with a thumbnail in it, as cameras write: 12 bytes, with an end marker of its own.
    private static readonly byte[] Thumbnail = [0xFF, 0xE1, 0x00, 0x0A, 0xFF, 0xD8, 1, 2, 3, 4, 0xFF, 0xD9];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    public void Accepts_a_whole_file_and_gives_its_size(SKEncodedImageFormat format) =>
        Assert.Equal((20, 31), ImageFile.CheckWhole(_folder.WriteImage("image", 31, 20, format)));

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    public void Refuses_every_truncation(SKEncodedImageFormat format)
    {
        byte[] file = File.ReadAllBytes(_folder.WriteImage("image", 31, 20, format));
        // The last chunk's own checksum or half of the end marker missing: truncated as well.
        for (int length = 0; length < file.Length; length++)
        {
            string path = _folder.Write("cut", file[..length]);
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => ImageFile.CheckWhole(path)).Message);
        }
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg, 1)]
    [InlineData(SKEncodedImageFormat.Jpeg, 4095)]
    [InlineData(SKEncodedImageFormat.Jpeg, 4096)]
    [InlineData(SKEncodedImageFormat.Jpeg, 20000)]
    [InlineData(SKEncodedImageFormat.Png, 20000)]
    public void Bytes_after_the_end_do_not_matter(SKEncodedImageFormat format, int extra)
    {
        byte[] file = File.ReadAllBytes(_folder.WriteImage("image", 31, 20, format));
        Assert.Equal((20, 31), ImageFile.CheckWhole(_folder.Write("long", [.. file, .. new byte[extra]])));
    }

    [Fact]
    public void The_end_of_a_thumbnail_is_not_the_end_of_the_image()
    {
        byte[] file = File.ReadAllBytes(_folder.WriteImage("image", 31, 20));
        byte[] withThumbnail = [.. file[..2], .. Thumbnail, .. file[2..]];
        Assert.Equal((20, 31), ImageFile.CheckWhole(_folder.Write("whole", withThumbnail)));
        string cut = _folder.Write("cut", withThumbnail[..^2]);
        Assert.Contains("truncated", Assert.Throws<InvalidDataException>(() => ImageFile.CheckWhole(cut)).Message);
    }

    [Fact]
    public void Refuses_a_file_filled_up_with_zeros()
    {
        byte[] file = File.ReadAllBytes(_folder.WriteImage("image", 31, 20));
        file.AsSpan(file.Length / 2 + 200).Clear();
        Assert.Throws<InvalidDataException>(() => ImageFile.CheckWhole(_folder.Write("zeros", file)));
    }

    [Fact]
    public void Refuses_other_formats()
    {
        string text = _folder.WriteText("image.jpg", "not an image");
        Assert.Contains("neither a JPEG nor a PNG", Assert.Throws<InvalidDataException>(() => ImageFile.CheckWhole(text)).Message);
        string empty = _folder.Write("empty.jpg", []);
        Assert.Contains(empty, Assert.Throws<InvalidDataException>(() => ImageFile.CheckWhole(empty)).Message);
        string jpeg = _folder.WriteImage("mask.png", 4, 4);
        Assert.Contains("PNG signature", Assert.Throws<InvalidDataException>(() => ImageFile.CheckWholePng(jpeg)).Message);
    }

    [Fact]
    public void Random_damage_is_refused_or_harmless()
    {
        byte[] original = File.ReadAllBytes(_folder.WriteImage("image", 31, 20));
        var random = new Random(3);
        int refused = 0, accepted = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] file = [.. original];
            for (int n = 0; n < 3; n++)
                file[random.Next(file.Length)] = (byte)random.Next(256);
            try
            {
                // As often cut as not.
                ImageFile.CheckWhole(_folder.Write("mutant", random.Next(2) == 0 ? file : file[..random.Next(file.Length)]));
                accepted++;
            }
            catch (InvalidDataException exception)
            {
                Assert.Contains("mutant", exception.Message);
                refused++;
            }
        }
        // Both must happen often, or only one side is tested.
        Assert.True(refused > 200 && accepted > 200, $"{refused} refused, {accepted} accepted");
    }
}
