using System.Runtime.InteropServices;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ScoringConvolutionTests
{
    public static TheoryData<string, long, long, long, int, int> Cases => new()
    {
        // form, channels, outputs, kernel, stride, dilation
        { "Winograd", 128, 144, 3, 1, 1 },
        { "Winograd", 144, 128, 3, 1, 2 },
        { "Packed", 3, 16, 7, 2, 1 },
        { "Packed", 16, 8, 1, 1, 1 },
        { "Packed", 8, 21, 1, 2, 1 },
        { "Packed", 8, 16, 3, 2, 1 },
        { "Packed", 16, 16, 3, 1, 4 },
        { "Plain", 3, 16, 7, 2, 1 },
        { "Plain", 16, 21, 1, 1, 1 },
        { "Plain", 8, 16, 3, 2, 1 },
        { "Plain", 16, 16, 3, 1, 4 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_form_computes_what_a_convolution_does(string form, long channels, long outputs, long kernel, int stride, int dilation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator(1);
        Tensor weights = randn([outputs, channels, kernel, kernel], generator: generator).div_(kernel * Math.Sqrt(channels));
        Tensor bias = randn([outputs], generator: generator);
        using ScoringConvolution convolution = form switch
        {
            "Winograd" => new WinogradConvolution(weights, bias, dilation),
            "Packed" => new PackedConvolution(weights, bias, stride, dilation, 12, 19),
            _ => new PlainConvolution(weights, bias, stride, dilation),
        };
        // Of the size that it was made for, and of another.
        foreach ((long count, long height, long width) in new[] { (1L, 12L, 19L), (3, 16, 11) })
        {
            Tensor images = ScoringConvolution.ChannelsLast(randn([count, channels, height, width], generator: generator));
            long padding = dilation * (kernel / 2);
            Tensor expected = nn.functional.conv2d(
                images.to(ScalarType.Float64), weights.to(ScalarType.Float64), bias.to(ScalarType.Float64), [(long)stride, stride], [padding, padding], [(long)dilation, dilation]);
            Tensor map = ScoringConvolution.ChannelsLast(randn(expected.shape, generator: generator)), before = map.to(ScalarType.Float64);

            AssertClose(expected, convolution.Run(images));
            AssertClose(expected.relu(), convolution.Run(images, relu: true));
            Tensor sum = map.clone();
            convolution.AddTo(sum, images, relu: false);
            AssertClose(before + expected, sum);
            convolution.AddTo(map, images, relu: true);
            AssertClose((before + expected).relu(), map);
        }
    }

    [Fact]
    public void The_form_suits_the_convolution()
    {
        using var scope = NewDisposeScope();
        NetworkLayout layout = FcnLayout.Create(new ResNet(ResidualBlock.Basic, [1, 1, 1, 1], 128, 32), 2);
        Assert.IsType<WinogradConvolution>(Create("backbone.layer1.0.conv1"));
        // Here libtorch has oneDNN for certain; elsewhere it may not.
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64)
            Assert.IsType<PackedConvolution>(Create("backbone.layer2.0.conv1"));

        ScoringConvolution Create(string name)
        {
            Convolution layer = layout.Convolutions.Single(layer => layer.Name == name);
            using ScoringConvolution convolution = ScoringConvolution.Create(layer, zeros(layer.WeightShape), zeros(layer.Channels), 32, 32);
            return convolution;
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1024, 2048, 1, 1)]
    [InlineData(ScalarType.Float32, 128, 64, 3, 2)]
    [InlineData(ScalarType.BFloat16, 1024, 2048, 1, 1)]
    [InlineData(ScalarType.BFloat16, 64, 64, 3, 1)]
    public void Packed_weights_suit_any_number_of_images(ScalarType numbers, long channels, long outputs, long kernel, int stride)
    {
        // Processors without AVX-512 have no such operators for bfloat16, and other systems may have none at all.
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64)
            Assert.True(OneDnn.IsAvailable(numbers) || (numbers == ScalarType.BFloat16 && !ProcessorNumbers.HasBFloat16));
        if (!OneDnn.IsAvailable(numbers))
            return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator(1);
        Tensor weights = randn([outputs, channels, kernel, kernel], generator: generator).div_(kernel * Math.Sqrt(channels)).to(numbers), bias = randn([outputs], generator: generator).to(numbers);
        Tensor images = ScoringConvolution.ChannelsLast(randn([8, channels, 8, 8], generator: generator).to(numbers));
        Tensor expected = nn.functional.conv2d(
            images.to(ScalarType.Float64), weights.to(ScalarType.Float64), bias.to(ScalarType.Float64), [(long)stride, stride], [kernel / 2, kernel / 2]);
        // In bfloat16 only the last step rounds, to eight bits.
        double tolerance = numbers == ScalarType.Float32 ? 2e-5 : 1.0 / 256;
        using var convolution = new PackedConvolution(weights, bias, stride, dilation: 1, 8 / stride, 8 / stride);
        Check(3);
        Assert.Equal(1, convolution.Orders);
        Parallel.ForEach([8, 3, 8, 1, 8, 5, 1, 2, 6, 3, 4, 7], Check);
        // oneDNN has a few orders in all: were the same one not found again there would be eight.
        Assert.InRange(convolution.Orders, 1, 4);

        void Check(int count)
        {
            using var ownScope = NewDisposeScope();
            using var stillNoGrad = no_grad();
            Tensor some = images.narrow(0, 0, count), right = expected.narrow(0, 0, count), map = ScoringConvolution.ChannelsLast(ones(right.shape, numbers));
            AssertClose(right, convolution.Run(some), tolerance);
            convolution.AddTo(map, some, relu: true);
            AssertClose((right + 1).relu(), map, tolerance);
        }
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance = 2e-5)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange(SmallNetworks.Difference(expected, actual), 0, tolerance);
    }
}
