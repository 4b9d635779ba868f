using System.Runtime.InteropServices;
using Microsoft.ML.PermutedSegmentation.Tensors;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>From tensors to the bytes of files, and back.</summary>
internal static class TensorBytes
{
    /// <summary>Gives the elements of a tensor of any device, in the order of its shape. Those of a CPU tensor are its own, not a copy.</summary>
    public static void UseBytes(this Tensor tensor, Action<ReadOnlySpan<byte>> use)
    {
        using Tensor onCpu = tensor.cpu();
        using Tensor inOrder = onCpu.contiguous();
        use(inOrder.bytes);
    }

    /// <summary>A CPU tensor of 32-bit floats to be filled. It is the caller's, whatever dispose scope there is.</summary>
    public static Tensor New(IEnumerable<long> shape)
    {
        LibTorch.Require();
        return empty([.. shape], ScalarType.Float32, CPU).DetachFromDisposeScope();
    }

    /// <summary>The values of such a tensor, to be read or written.</summary>
    public static Span<float> Values(this Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>A new tensor, filled; when filling it fails, it is gone.</summary>
    public static Tensor Create(IEnumerable<long> shape, Action<Span<float>> fill)
    {
        Tensor tensor = New(shape);
        try
        {
            fill(tensor.Values());
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }
}
