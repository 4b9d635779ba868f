using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Networks that run in milliseconds, with batch norms that do something in evaluation mode.</summary>
internal static class SmallNetworks
{
    /// <summary>By name, since a public test method cannot have a parameter of an internal type.</summary>
    public static FcnArchitecture Architecture(string block, int outputStride = 8) =>
        Architecture(Enum.Parse<ResidualBlock>(block), outputStride);

    public static FcnArchitecture Architecture(ResidualBlock block, int outputStride = 8) =>
        new(block, (2, 1, 1, 1), baseWidth: 8, outputStride, classCount: 3);

    /// <summary>A seeded state whose batch norm parameters and statistics are random as well.</summary>
    public static Dictionary<string, Tensor> RandomState(FcnArchitecture architecture, ulong seed)
    {
        using var generator = new Generator(seed);
        using var network = new FcnNetwork(architecture, generator);
        using var _ = no_grad();
        var state = network.State().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
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
