using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class MaskLabelsTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(7, 8)]
    [InlineData(254, 255)]
    [InlineData(MaskLabels.VoidClass, MaskLabels.VoidKeyValue)]
    public void A_class_has_one_key_value(byte classIndex, byte keyValue)
    {
        Assert.Equal(keyValue, MaskLabels.ToKeyValue(classIndex));
        Assert.Equal(classIndex, MaskLabels.ToClass(keyValue));
    }

    [Fact]
    public void Masks_are_converted_there_and_back_and_in_place()
    {
        byte[] classes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)], keyValues = new byte[256], back = new byte[300];
        MaskLabels.ToKeyValues(classes, keyValues);
        Assert.Equal(classes.Select(MaskLabels.ToKeyValue), keyValues);
        MaskLabels.ToClasses(keyValues, back);
        Assert.Equal(classes, back[..256]);
        MaskLabels.ToClasses(keyValues, keyValues);
        Assert.Equal(classes, keyValues);
        Assert.Throws<ArgumentException>(() => MaskLabels.ToClasses(new byte[3], new byte[2]));
    }

    [Fact]
    public void A_mask_of_rows_is_laid_out_row_by_row()
    {
        Assert.Equal([1, 2, 0, 4, 5, 6], MaskLabels.ToKeyValues(new byte[,] { { 0, 1, 255 }, { 3, 4, 5 } }));
        Assert.Throws<ArgumentNullException>("classes", () => MaskLabels.ToKeyValues(null!));
    }
}
