using Xunit;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class FcnNetworkTests
{
    [Theory]
    // torchvision's classification networks without their last layer (11689512 - 513000 and so on), plus the head.
    [InlineData("ResNet18", 11689512 - 513000, 512)]
    [InlineData("ResNet34", 21797672 - 513000, 512)]
    [InlineData("ResNet50", 25557032 - 2049000, 2048)]
    [InlineData("ResNet101", 44549160 - 2049000, 2048)]
    public void Has_as_many_parameters_as_torchvisions(string backbone, long backboneParameters, int channels)
    {
        var state = FcnNetwork.DescribeState(FcnArchitecture.For(Enum.Parse<Backbone>(backbone), 8, 21));
        long count = state.Where(entry => !entry.Name.Contains("running_")).Sum(entry => entry.Shape.Aggregate(1L, (a, b) => a * b));

        int inner = channels / 4;
        Assert.Equal(backboneParameters + (inner * channels * 9) + (2 * inner) + (inner * 21) + 21, count);
    }
}
