using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class LabelUpsamplerTests
{
    [Theory]
    [InlineData(4, 6, 32, 48)]
    [InlineData(3, 5, 24, 80)]
    [InlineData(1, 1, 8, 16)]
    [InlineData(7, 2, 7, 2)]
    public void Gives_the_class_that_libtorchs_upsampled_scores_give(int rows, int columns, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        Tensor scores = empty(3, 5, rows, columns).normal_(0, 1, generator);
        Tensor upsampled = LayoutRunner.Upsample(scores, height, width);
        foreach (Device device in cuda.is_available() ? (Device[])[CPU, CUDA] : [CPU])
        {
            byte[] labels = TensorLabels.Upsample(scores.to(device), height, width);
            Assert.Equal(3 * height * width, labels.Length);
            // Where two classes are as good as equal, rounding may choose either.
            Tensor chosen = upsampled.gather(1, tensor(labels, 3, 1, height, width).to(ScalarType.Int64).sub_(1));
            (upsampled.amax([1], keepdim: true) - chosen).max().ToDouble().Should().BeLessThan(1e-5);
        }
    }
}
