using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What Evaluate says of true masks that do not fit, or in which objects are void.</summary>
public sealed class EvaluationWarningsTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    private const byte Void = 0, Background = 1, Object = 2;

    private static readonly byte[] NoObject = [Background, Background, Background, Background], Objects = [Background, Background, Object, Object];
    private static readonly byte[] ObjectsAsVoid = [Background, Background, Void, Void];

    [Fact]
    public void Objects_that_are_all_void_are_told()
    {
        string[] warnings = Evaluate([(ObjectsAsVoid, NoObject), (NoObject, NoObject)], out SegmentationMetrics metrics);
        Assert.Equal(1, metrics.MeanIntersectionOverUnion);
        string warning = Assert.Single(warnings);
        Assert.Contains("255 is void", warning);
        Assert.Contains("25.0 % of all pixels are void", warning);
        Assert.Contains("class 1 'object'", warning);
        Assert.Contains("--binary-masks", warning);
    }

    [Fact]
    public void A_class_without_a_true_pixel_that_lowers_the_mean_is_named()
    {
        string[] warnings = Evaluate([(NoObject, Objects)], out SegmentationMetrics metrics);
        Assert.Equal(0.25, metrics.MeanIntersectionOverUnion);
        Assert.Equal("No true pixel is of 'object', but some predicted ones are: this IoU of 0 counts in the mean IoU.", Assert.Single(warnings));
        Assert.Empty(Evaluate([(NoObject, Objects)], out _, ignored: [1]));
        Assert.Empty(Evaluate([(NoObject, NoObject)], out _));
    }

    [Fact]
    public void Void_objects_in_some_masks_only_are_told()
    {
        string warning = Assert.Single(Evaluate([(Objects, Objects), (ObjectsAsVoid, Objects), (Objects, Objects), (ObjectsAsVoid, Objects)], out _));
        Assert.Contains("in 2 masks some pixels are void and hardly any or none are of class 1 'object', while 2 other masks have such pixels", warning);
    }

    [Fact]
    public void Void_objects_are_told_beside_masks_with_borders_of_void()
    {
        byte[] border = [Background, Void, Void, Object];
        Assert.Contains("in 2 masks", Assert.Single(Evaluate([(ObjectsAsVoid, Objects), (ObjectsAsVoid, Objects), .. Enumerable.Repeat((border, Objects), 4)], out _)));
    }

    [Fact]
    public void Borders_of_void_between_classes_are_ordinary()
    {
        byte[] border = [Background, Void, Void, Object];
        Assert.Empty(Evaluate([(border, Objects), (border, Objects), (NoObject, NoObject)], out _));
        Assert.Empty(Evaluate([(Objects, Objects), (NoObject, NoObject)], out _));
        // One mask of eleven whose only object is not to be counted.
        Assert.Empty(Evaluate([(ObjectsAsVoid, Objects), .. Enumerable.Repeat((border, Objects), 10)], out _));
    }

    [Fact]
    public void A_mask_must_have_the_shape_of_its_image_and_not_of_the_prediction()
    {
        // 32x32 is the model's own size; images are 20 x 40 (height x width).
        Assert.Equal(20 * 40, Evaluate((20, 40), (20, 40)));
        Assert.Equal(10 * 20, Evaluate((10, 20), (20, 40)));
        Assert.Equal(21 * 41, Evaluate((21, 41), (20, 40))); // no more than rounding
        var exception = Assert.Throws<InvalidDataException>(() => Evaluate((40, 20), (20, 40)));
        Assert.Contains("Row 1 (counted from 0): the mask of column 'Label' has 40 x 20 pixels (height x width), which differs in shape from the 20 x 40 of its image", exception.Message);
        Assert.Contains("EXIF", exception.Message);
        exception = Assert.Throws<InvalidDataException>(() => Evaluate((32, 32), (20, 40)));
        Assert.DoesNotContain("EXIF", exception.Message);

        int Evaluate((int Height, int Width) mask, (int Height, int Width) image)
        {
            List<PictureRow> rows = [PictureRow.Create((20, 40), (20, 40)), PictureRow.Create(mask, image)];
            IDataView scored = trained.Transformer.Transform(trained.MLContext.Data.LoadFromEnumerable(rows));
            SegmentationMetrics metrics = trained.MLContext.Segmentation().Evaluate(trained.MLContext.Data.TakeRows(scored, 2));
            Assert.Equal(2 * ColorPatches.Size * ColorPatches.Size, metrics.PixelCount);
            return mask.Height * mask.Width;
        }
    }

    [Fact]
    public void A_sweep_over_keys_checks_the_shape_too()
    {
        IDataView data = trained.MLContext.Data.LoadFromEnumerable([PictureRow.Create((40, 20), (20, 40))]);
        Assert.Contains("40 x 20", Assert.Throws<InvalidDataException>(() => trained.MLContext.Segmentation().EvaluateAccessControl(trained.Transformer, data, trained.Key, 1)).Message);
    }

    [Fact]
    public void Without_an_image_the_prediction_tells_the_shape()
    {
        var exception = Assert.Throws<InvalidDataException>(() => new MLContext().Segmentation().Evaluate(
            new MLContext().Data.LoadFromEnumerable([new Sized { Label = new byte[32], LabelSize = [4, 8] }])));
        Assert.Contains("4 x 8 pixels (height x width), which differs in shape from the 8 x 8 of its prediction", exception.Message);
    }

    [Fact]
    public void An_image_of_the_masks_shape_explains_another_prediction()
    {
        var row = new SizedWithImage { Label = [.. Enumerable.Repeat((byte)1, 32)], LabelSize = [4, 8], Image = MLImage.CreateFromPixels(16, 8, MLPixelFormat.Rgba32, [.. Enumerable.Repeat((byte)255, 512)]) };
        Assert.Equal(1, new MLContext().Segmentation().Evaluate(new MLContext().Data.LoadFromEnumerable([row])).PixelAccuracy);
    }

    [Fact]
    public void The_column_of_image_sizes_is_hidden()
    {
        DataViewSchema schema = trained.Transformer.GetOutputSchema(trained.Data.Schema);
        Assert.Equal(["Image", "Label", "Name", "PredictedLabel", "Score"], schema.Where(column => !column.IsHidden).Select(column => column.Name));
        Assert.Equal(ColorPatches.Size, Assert.IsType<VectorDataViewType>(schema["PredictedLabel"].Type).Dimensions[0]);
    }

    private static string[] Evaluate(IEnumerable<(byte[] Truth, byte[] Predicted)> masks, out SegmentationMetrics metrics, int[]? ignored = null)
    {
        var mlContext = new MLContext();
        var warnings = new List<string>();
        mlContext.Log += (_, message) =>
        {
            if (message.Kind == ChannelMessageKind.Warning)
                warnings.Add(message.RawMessage);
        };
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Masks));
        schema["Label"].AddAnnotation("KeyValues", new VBuffer<ReadOnlyMemory<char>>(2, ["background".AsMemory(), "object".AsMemory()]), new VectorDataViewType(TextDataViewType.Instance, 2));
        metrics = mlContext.Segmentation().Evaluate(
            mlContext.Data.LoadFromEnumerable(masks.Select(mask => new Masks { Label = mask.Truth, PredictedLabel = mask.Predicted }), schema), ignoredClasses: ignored);
        return [.. warnings];
    }

    private sealed class Masks
    {
        [VectorType(2, 2), KeyType(2)]
        public byte[] Label { get; set; } = [];

        [VectorType(2, 2), KeyType(2)]
        public byte[] PredictedLabel { get; set; } = [];
    }

    private class Sized
    {
        [VectorType, KeyType(2)]
        public byte[] Label { get; set; } = [];

        [VectorType(2)]
        public int[] LabelSize { get; set; } = [];

        [VectorType(8, 8), KeyType(2)]
        public byte[] PredictedLabel { get; set; } = [.. Enumerable.Repeat((byte)1, 64)];
    }

    private sealed class SizedWithImage : Sized
    {
        [ImageType(8, 16)]
        public MLImage Image { get; set; } = null!;
    }

    private sealed class PictureRow
    {
        // ML.NET holds nobody to the size that a type states.
        [ImageType(ColorPatches.Size, ColorPatches.Size)]
        public MLImage Image { get; set; } = null!;

        [VectorType, KeyType(3)]
        public byte[] Label { get; set; } = [];

        [VectorType(2)]
        public int[] LabelSize { get; set; } = [];

        public static PictureRow Create((int Height, int Width) mask, (int Height, int Width) image) => new()
        {
            Image = MLImage.CreateFromPixels(image.Width, image.Height, MLPixelFormat.Rgba32, [.. Enumerable.Repeat((byte)255, 4 * image.Height * image.Width)]),
            Label = [.. Enumerable.Repeat((byte)1, mask.Height * mask.Width)],
            LabelSize = [mask.Height, mask.Width],
        };
    }
}
