using SkiaSharp;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed partial class TempFolder : IDisposable
{
    public TempFolder() => Root = Directory.CreateTempSubdirectory("permuted-segmentation-").FullName;

    public string Root { get; }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public string At(params string[] parts) => Path.Combine([Root, .. parts]);

    public string Write(string name, byte[] content)
    {
        string path = At(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string WriteText(string name, string content) => Write(name, System.Text.Encoding.UTF8.GetBytes(content));

    public string WriteImage(string name, int width, int height, SKEncodedImageFormat format = SKEncodedImageFormat.Jpeg)
    {
        using var bitmap = new SKBitmap(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                bitmap.SetPixel(x, y, new SKColor((byte)(x * 37), (byte)(y * 53), (byte)(x * y)));
        }

        using var data = bitmap.Encode(format, 90);
        return Write(name, data.ToArray());
    }
}
