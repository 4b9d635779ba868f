using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Networks that run in milliseconds, with batch norms that do something in evaluation mode.</summary>
internal static class SmallNetworks
{
    /// <summary>The kinds of <see cref="Layout"/>.</summary>
    public static TheoryData<string> Kinds => ["Basic", "Bottleneck", "DeepLabV3", "LrAspp"];

    /// <summary>A small network: an FCN of basic or bottleneck blocks, or one of the others.</summary>
    public static NetworkLayout Layout(string kind, int? outputStride = null) => kind switch
    {
        "DeepLabV3" => DeepLabV3Layout.Create(ResNet("Bottleneck", outputStride ?? 8), classCount: 3, headChannels: 8),
        "LrAspp" => LrAsppLayout.Create(new MobileNetV3(outputStride ?? 16, divisor: 8), classCount: 3, headChannels: 8),
        _ => FcnLayout.Create(ResNet(kind, outputStride ?? 8), classCount: 3),
    };

    private static ResNet ResNet(string block, int outputStride = 8) => new(Enum.Parse<ResidualBlock>(block), [2, 1, 1, 1], width: 8, outputStride);

    /// <summary>A seeded state whose batch norm parameters and statistics are random as well.</summary>
    public static Dictionary<string, Tensor> RandomState(NetworkLayout layout, ulong seed)
    {
        using var generator = new Generator(seed);
        using var network = new TorchNetwork(layout, generator);
        using var _ = no_grad();
        var state = network.State.ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        foreach (var (name, tensor) in state.Where(entry => entry.Value.shape.Length == 1))
        {
            if (name.EndsWith(".weight") || name.EndsWith(".running_var"))
                tensor.uniform_(0.5, 1.5, generator);
            else
                tensor.normal_(0, 0.3, generator);
        }
        return state;
    }

    public static Tensor RandomImages(ulong seed, int count = 2, int height = 32, int width = 48)
    {
        using var generator = new Generator(seed);
        return empty(count, 3, height, width).normal_(0, 1, generator);
    }

    /// <summary>
    /// Tensors this thread has made and not disposed. (<c>Tensor.TotalCount</c> would not do: it counts every parameter twice
    /// and drops when the finaliser cleans up after others.)
    /// </summary>
    public static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    /// <summary>The largest difference, relative to the largest expected value.</summary>
    public static double Difference(Tensor expected, Tensor actual)
    {
        using var scope = NewDisposeScope();
        return (expected - actual).abs().max().ToDouble() / Math.Max(1e-6, expected.abs().max().ToDouble());
    }
}
