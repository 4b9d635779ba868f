using SkiaSharp;

namespace QuickStart;

/// <summary>
/// A small data set in the layout of PASCAL VOC: colored shapes on striped backgrounds, drawn from a seed.
/// A shape's hue lies in a range of its class, so that a small network learns the classes in a minute.
/// </summary>
internal static class ShapesDataset
{
    private const int BorderWidth = 2;
    private const byte Void = 255;
    private const float HueJitter = 35;

    /// <summary>The classes in the order of their values in a mask.</summary>
    public static readonly string[] ClassNames = ["background", "circle", "square", "triangle", "cross"];

    /// <summary>
    /// Writes <c>JPEGImages</c>, <c>SegmentationClass</c> (grey PNG whose values are classes, 255 = void),
    /// <c>ImageSets/Segmentation/{train,val}.txt</c> and <c>classes.txt</c> into <paramref name="folder"/>.
    /// </summary>
    /// <param name="folder">Where to write; made when missing.</param>
    /// <param name="trainCount">How many images <c>train.txt</c> lists.</param>
    /// <param name="validationCount">How many images <c>val.txt</c> lists.</param>
    /// <param name="size">Height and width of every image in pixels.</param>
    /// <param name="seed">The same seed gives the same data set.</param>
    public static void Create(string folder, int trainCount = 240, int validationCount = 48, int size = 64, int seed = 1)
    {
        var images = Directory.CreateDirectory(Path.Combine(folder, "JPEGImages")).FullName;
        var masks = Directory.CreateDirectory(Path.Combine(folder, "SegmentationClass")).FullName;
        var lists = Directory.CreateDirectory(Path.Combine(folder, "ImageSets", "Segmentation")).FullName;

        var random = new Random(seed);
        foreach (var (list, count) in new[] { ("train", trainCount), ("val", validationCount) })
        {
            var names = Enumerable.Range(1, count).Select(i => $"{list}_{i:d4}").ToArray();
            foreach (var name in names)
            {
                using var image = new SKBitmap(size, size, SKColorType.Rgba8888, SKAlphaType.Opaque);
                using var mask = new SKBitmap(size, size, SKColorType.Gray8, SKAlphaType.Opaque);
                Draw(image, mask, random);
                Write(image, SKEncodedImageFormat.Jpeg, Path.Combine(images, name + ".jpg"));
                Write(mask, SKEncodedImageFormat.Png, Path.Combine(masks, name + ".png"));
            }
            File.WriteAllLines(Path.Combine(lists, list + ".txt"), names);
        }
        File.WriteAllLines(Path.Combine(folder, "classes.txt"), ClassNames);
    }

    private static void Draw(SKBitmap image, SKBitmap mask, Random random)
    {
        using var imageCanvas = new SKCanvas(image);
        using var maskCanvas = new SKCanvas(mask);
        DrawBackground(imageCanvas, image.Width, random);
        maskCanvas.Clear(SKColors.Black);

        var placed = new List<(SKPoint Center, float Radius)>();
        var wanted = random.Next(1, 4);
        for (var attempt = 0; placed.Count < wanted && attempt < 100; attempt++)
        {
            var radius = image.Width * Between(random, 0.2f, 0.34f);
            var center = new SKPoint(Between(random, radius, image.Width - radius), Between(random, radius, image.Height - radius));
            if (placed.Any(other => SKPoint.Distance(other.Center, center) < other.Radius + radius))
                continue;
            placed.Add((center, radius));
            DrawShape(imageCanvas, maskCanvas, (byte)random.Next(1, ClassNames.Length), center, radius, random);
        }
        AddNoise(image, random);
    }

    private static void DrawBackground(SKCanvas canvas, int size, Random random)
    {
        var hue = Between(random, 0, 360);
        var lightness = Between(random, 25, 75);
        canvas.Clear(SKColor.FromHsl(hue, 15, lightness));

        using var stripe = new SKPaint { Color = SKColor.FromHsl(hue, 15, lightness + Between(random, -15, 15)), IsAntialias = true };
        stripe.StrokeWidth = Between(random, 1, 4);
        canvas.Save();
        canvas.RotateDegrees(Between(random, 0, 180), size / 2f, size / 2f);
        for (var y = -size / 2f; y < 1.5f * size; y += 2.5f * stripe.StrokeWidth)
            canvas.DrawLine(-size / 2f, y, 1.5f * size, y, stripe);
        canvas.Restore();
    }

    private static void DrawShape(SKCanvas image, SKCanvas mask, byte shapeClass, SKPoint center, float radius, Random random)
    {
        using var path = Outline(shapeClass);
        path.Transform(SKMatrix.CreateScale(radius, radius)
            .PostConcat(SKMatrix.CreateRotationDegrees(Between(random, 0, 360)))
            .PostConcat(SKMatrix.CreateTranslation(center.X, center.Y)));

        var hue = 90 * shapeClass + Between(random, -HueJitter, HueJitter);
        using var color = new SKPaint
        {
            Color = SKColor.FromHsl((hue + 360) % 360, Between(random, 60, 100), Between(random, 35, 65)),
            IsAntialias = true,
        };
        image.DrawPath(path, color);

        using var inside = new SKPaint { Color = new SKColor(shapeClass, shapeClass, shapeClass) };
        using var border = new SKPaint { Color = new SKColor(Void, Void, Void), Style = SKPaintStyle.Stroke, StrokeWidth = BorderWidth };
        mask.DrawPath(path, inside);
        mask.DrawPath(path, border);
    }

    /// <summary>The outline of a class around the origin, of radius 1 or little more or less.</summary>
    private static SKPath Outline(byte shapeClass)
    {
        var path = new SKPath();
        switch (ClassNames[shapeClass])
        {
            case "circle":
                path.AddCircle(0, 0, 0.8f);
                break;
            case "square":
                path.AddRect(new SKRect(-0.68f, -0.68f, 0.68f, 0.68f));
                break;
            case "triangle":
                path.AddPoly([new(0, -1.1f), new(0.953f, 0.55f), new(-0.953f, 0.55f)]);
                break;
            case "cross":
                const float A = 0.34f, B = 0.94f;
                path.AddPoly([new(-A, -B), new(A, -B), new(A, -A), new(B, -A), new(B, A), new(A, A),
                    new(A, B), new(-A, B), new(-A, A), new(-B, A), new(-B, -A), new(-A, -A)]);
                break;
        }
        return path;
    }

    private static void AddNoise(SKBitmap image, Random random)
    {
        const int Amplitude = 12;
        byte Noisy(byte value) => (byte)Math.Clamp(value + random.Next(-Amplitude, Amplitude + 1), 0, 255);
        image.Pixels = [.. image.Pixels.Select(pixel => new SKColor(Noisy(pixel.Red), Noisy(pixel.Green), Noisy(pixel.Blue)))];
    }

    private static void Write(SKBitmap bitmap, SKEncodedImageFormat format, string path)
    {
        // Not into the file: an exception of a full disk would have to pass through native code.
        using var data = bitmap.Encode(format, quality: 95);
        File.WriteAllBytes(path, data.ToArray());
    }

    private static float Between(Random random, float low, float high) => low + (high - low) * random.NextSingle();
}
