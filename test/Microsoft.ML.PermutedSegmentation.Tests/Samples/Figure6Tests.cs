using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using SkiaSharp;
using Workbench.Report;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The pictures of the Workbench's report.</summary>
public sealed class Figure6Tests : IDisposable
{
    // Masks are shown at the size of the model, whatever their own.
    private const int MaskSize = ColorPatches.Size, ModelHeight = 24, ModelWidth = 32;
    private static readonly string[] ClassNames = ["background", "red", "green"];

    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pictures_and_scores_are_those_of_the_models()
    {
        VocFolder voc = WritePatches(trainCount: 40, validationCount: 9);
        using SegmentationData data = SegmentationData.Open(_folder.Root);
        IDataView train = voc.Load(_mlContext, "train"), test = voc.Load(_mlContext, "val");
        using PermutationKey key = PermutationKey.Generate();
        using TransformerChain<ITransformer> baseline = Train(_mlContext.Data.TakeRows(train, 10), voc, epochs: 1, key: null), unlocked = Train(train, voc, epochs: 5, key);
        _mlContext.Model.Save(unlocked, train.Schema, _folder.At("model.zip"));
        ITransformer locked = _mlContext.Model.Load(_folder.At("model.zip"), out _);
        List<string> warnings = [];
        _mlContext.Log += (_, message) =>
        {
            if (message.Kind == ChannelMessageKind.Warning)
                warnings.Add(message.Message);
        };

        IReadOnlyList<PictureRow> figure = Figure6.Draw(_mlContext, baseline, locked, key, test, data);
        Assert.Empty(warnings);
        Assert.Equal(["val_0002", "val_0004", "val_0006", "val_0008"], figure.Select(row => row.ImageName));
        Assert.All(figure, row => Assert.Equal(["Input", "Ground truth", "Baseline", "Correct key", "No key", "Incorrect key"], row.Cells.Select(cell => cell.Title)));

        byte[][] ofBaseline = Labels(baseline, test), ofUnlocked = Labels(unlocked, test), ofLocked = Labels(locked, test);
        Assert.NotEqual(ofUnlocked, ofLocked);
        for (int i = 0; i < figure.Count; i++)
        {
            IReadOnlyList<PictureCell> cells = figure[i].Cells;
            int number = 2 * i + 1;
            byte[] truth = Truth(figure[i].ImageName);
            Assert.Null(cells[0].MeanIntersectionOverUnion);
            using SKBitmap input = SKBitmap.Decode(cells[0].Png);
            Assert.Equal((ModelHeight, ModelWidth), (input.Height, input.Width));
            Assert.Null(cells[1].MeanIntersectionOverUnion);
            Assert.Equal(truth, LabelsOf(cells[1]));
            foreach (var (cell, labels) in new[] { (cells[2], ofBaseline[number]), (cells[3], ofUnlocked[number]), (cells[4], ofLocked[number]) })
            {
                Assert.Equal(labels, LabelsOf(cell));
                Assert.Equal(MeanIoU(truth, labels), cell.MeanIntersectionOverUnion!.Value, 1e-12);
            }
            Assert.Equal(MeanIoU(truth, LabelsOf(cells[5])), cells[5].MeanIntersectionOverUnion!.Value, 1e-12);
        }
        Assert.NotEqual(figure.Select(row => LabelsOf(row.Cells[3])), figure.Select(row => LabelsOf(row.Cells[5])));

        // Unlocked or not does not matter, and a short list has fewer rows.
        _folder.WriteText("ImageSets/Segmentation/short.txt", "val_0004\nval_0008");
        IReadOnlyList<PictureRow> shorter = Figure6.Draw(_mlContext, baseline, unlocked, key, voc.Load(_mlContext, "short"), data);
        Assert.Equal(
            new[] { figure[1], figure[3] }.SelectMany(row => row.Cells).Select(cell => (Convert.ToHexString(cell.Png), cell.MeanIntersectionOverUnion)),
            shorter.SelectMany(row => row.Cells).Select(cell => (Convert.ToHexString(cell.Png), cell.MeanIntersectionOverUnion)));
        (locked as IDisposable)?.Dispose();
    }

    // As the train command does: from an image's path to its prediction.
    private TransformerChain<ITransformer> Train(IDataView rows, VocFolder voc, int epochs, PermutationKey? key)
    {
        var images = _mlContext.Transforms.LoadImages("Image", null, "ImagePath").Fit(rows);
        IDataView prepared = _mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", voc.ClassNames).Fit(rows).Transform(images.Transform(rows));
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs);
        options.ImageHeight = ModelHeight;
        options.ImageWidth = ModelWidth;
        options.FeatureMaps = FeatureMaps.All;
        var trainers = _mlContext.Segmentation().Trainers;
        return new TransformerChain<ITransformer>(images, (key is null ? trainers.Fcn(options) : trainers.Permuted(key, options)).Fit(prepared));
    }

    private VocFolder WritePatches(int trainCount, int validationCount)
    {
        Directory.CreateDirectory(_folder.At("JPEGImages"));
        foreach (var (list, count, seed) in new[] { ("train", trainCount, 1), ("val", validationCount, 4) })
        {
            List<PatchRow> patches = ColorPatches.Create(count, seed);
            string[] names = [.. Enumerable.Range(1, count).Select(i => $"{list}_{i:d4}")];
            foreach (var (name, patch) in names.Zip(patches))
            {
                patch.Image.Save(_folder.At("JPEGImages", name + ".png"));
                _folder.WriteMask($"SegmentationClass/{name}.png", [.. patch.Label.Select(label => (byte)(label - 1))], MaskSize, MaskSize);
            }
            _folder.WriteText($"ImageSets/Segmentation/{list}.txt", string.Join('\n', names));
        }
        _folder.WriteText("classes.txt", string.Join('\n', ClassNames));
        return VocFolder.Open(_folder.Root);
    }

    private static byte[][] Labels(ITransformer model, IDataView rows) => [.. model.Transform(rows).GetColumn<byte[]>("PredictedLabel")];

    private byte[] Truth(string name)
    {
        var (classes, height, width) = IndexedPng.Read(_folder.At("SegmentationClass", name + ".png"));
        byte[] resized = new byte[ModelHeight * ModelWidth];
        MaskResizer.Resize([.. classes.Select(index => (byte)(index + 1))], height, width, resized, ModelHeight, ModelWidth);
        return resized;
    }

    private static byte[] LabelsOf(PictureCell cell)
    {
        using SKBitmap picture = SKBitmap.Decode(cell.Png);
        Assert.Equal((ModelHeight, ModelWidth), (picture.Height, picture.Width));
        return [.. picture.Pixels.Select(pixel => ClassPalette.Voc.TryGetClass(pixel.Red, pixel.Green, pixel.Blue, out byte found)
            ? (byte)(found + 1)
            : throw new InvalidDataException($"{pixel} is the color of no class."))];
    }

    private static double MeanIoU(byte[] truth, byte[] predicted) => new BruteForceMetrics([(truth, predicted)], ClassNames.Length, []).MeanImageIou;
}
