using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>What both sides work on: photographs of the size of VOC's, their masks, and one network in every format.</summary>
internal static class Materials
{
    private const int Photos = 64, Height = 375, Width = 500;

    /// <summary>Writes what is not there yet.</summary>
    public static Dictionary<string, double> Prepare(Workload workload)
    {
        PreparePhotos(workload);
        if (!File.Exists(workload.ModelFile("onnx")))
            WriteModel(workload);
        return [];
    }

    /// <summary>Writes the photographs and masks alone, if they are not there yet.</summary>
    public static void PreparePhotos(Workload workload)
    {
        if (!Directory.Exists(workload.MaskFolder))
            WritePhotos(workload);
    }

    /// <summary>Where our side runs a workload.</summary>
    public static MLContext Context(Workload workload) => new(seed: 1) { GpuDeviceId = workload.Device == "cuda" ? 0 : -1, FallbackToCpu = workload.Device == "cpu" };

    /// <summary>As many image files as the workload has images; the photographs come again and again.</summary>
    public static string[] ImageFiles(Workload workload, int count)
    {
        string[] files = [.. Directory.GetFiles(workload.ImageFolder).Order(StringComparer.Ordinal)];
        return [.. Enumerable.Range(0, count).Select(i => files[i % files.Length])];
    }

    /// <summary>Images of the network's size.</summary>
    public static MLImage[] Noise(Workload workload)
    {
        var random = new Random(1);
        byte[] pixels = new byte[workload.Size * workload.Size * 4];
        random.NextBytes(pixels);
        return [.. Enumerable.Range(0, workload.Batch).Select(_ => MLImage.CreateFromPixels(workload.Size, workload.Size, MLPixelFormat.Rgba32, pixels))];
    }

    private static void WritePhotos(Workload workload)
    {
        Directory.CreateDirectory(workload.ImageFolder);
        var random = new Random(1);
        byte[][] masks = [.. Enumerable.Range(0, Photos).Select(_ => new byte[Height * Width])];
        for (int i = 0; i < Photos; i++)
        {
            using MLImage image = Draw(random, workload.Classes, masks[i]);
            image.Save(Path.Combine(workload.ImageFolder, $"{i:0000}.jpg"));
        }
        Directory.CreateDirectory(workload.MaskFolder);
        for (int i = 0; i < Photos; i++)
            MaskFile.Save(Path.Combine(workload.MaskFolder, $"{i:0000}.png"), masks[i], Height, Width);
    }

    // Boxes, each of its class's color, on noise: as hard to decode as photographs are.
    private static MLImage Draw(Random random, int classes, byte[] mask)
    {
        byte[] pixels = new byte[Height * Width * 4];
        random.NextBytes(pixels);
        Array.Fill(mask, (byte)1);
        for (int box = 0; box < 6; box++)
        {
            (int top, int left, int label) = (random.Next(Height - 100), random.Next(Width - 100), random.Next(1, classes));
            for (int p = 0; p < 100 * 100; p++)
                mask[(top + p / 100) * Width + left + p % 100] = (byte)(label + 1);
        }
        for (int p = 0; p < mask.Length; p++)
        {
            for (int channel = 0; channel < 3; channel++)
                pixels[4 * p + channel] = (byte)(pixels[4 * p + channel] / 8 + mask[p] * (37 + 30 * channel) % 200);
            pixels[4 * p + 3] = 255;
        }
        return MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, pixels);
    }

    private static void WriteModel(Workload workload)
    {
        var mlContext = new MLContext(seed: 1) { GpuDeviceId = -1, FallbackToCpu = true };
        using PermutationKey key = File.Exists(workload.KeyFile) ? PermutationKey.Load(workload.KeyFile) : PermutationKey.Generate();
        if (!File.Exists(workload.KeyFile))
            key.Save(workload.KeyFile);
        using var plain = new PermutedSegmentationTransformer(mlContext, RandomModel.Create(workload.Backbone, workload.OutputStride, workload.Size, workload.Classes, FeatureMaps.None));
        IDataView images = mlContext.Data.LoadFromEnumerable<ImageRow>([]);
        using var chain = new TransformerChain<ITransformer>(mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath").Fit(images), mlContext.Segmentation().Protect(plain, key));
        mlContext.Model.Save(chain, images.Schema, workload.ModelFile("zip"));
        using (SegmentationWeights weights = SegmentationWeights.Of(plain))
            weights.Save(workload.ModelFile("safetensors"));
        using FileStream onnx = File.Create(workload.ModelFile("onnx"));
        mlContext.Segmentation().ExportToOnnx(chain, onnx);
    }
}
