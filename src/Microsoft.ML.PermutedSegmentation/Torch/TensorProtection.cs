using System.Runtime.InteropServices;
using Microsoft.ML.PermutedSegmentation.Protection;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>Protection of tensors: <see cref="WeightProtection"/> moves the values.</summary>
internal static class TensorProtection
{
    /// <summary>The protected form of one plain parameter or buffer: a new handle, to the same storage if nothing changes.</summary>
    public static Tensor Protect(this WeightProtection protection, string parameter, Tensor plain) => Move(protection, parameter, plain, undo: false);

    /// <summary>The plain form of one protected parameter or buffer: a new handle, to the same storage if nothing changes.</summary>
    public static Tensor Unprotect(this WeightProtection protection, string parameter, Tensor stored) => Move(protection, parameter, stored, undo: true);

    private static Tensor Move(WeightProtection protection, string parameter, Tensor values, bool undo)
    {
        using var noGrad = no_grad();
        if (!protection.Changes(parameter))
            return values.alias();
        using var scope = NewDisposeScope();
        Tensor source = values.cpu().contiguous(), result = empty_like(source);
        if (source.dtype == ScalarType.Float64)
            Move<double>(protection, parameter, source, result, undo);
        else
            Move<float>(protection, parameter, source, result, undo);
        return result.to(values.device).MoveToOuterDisposeScope();
    }

    private static void Move<T>(WeightProtection protection, string parameter, Tensor source, Tensor result, bool undo) where T : unmanaged
    {
        ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(source.bytes);
        Span<T> to = MemoryMarshal.Cast<byte, T>(result.bytes);
        if (undo)
            protection.Unprotect(parameter, from, to);
        else
            protection.Protect(parameter, from, to);
    }
}
