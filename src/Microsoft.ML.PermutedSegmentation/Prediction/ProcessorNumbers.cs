using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>What the processor computes with.</summary>
internal static class ProcessorNumbers
{
    private const int Avx512BFloat16 = 1 << 5, AmxBFloat16 = 1 << 22;

    /// <summary>
    /// Whether it multiplies bfloat16, so that libtorch's library for convolutions (oneDNN) need not imitate it: AVX512_BF16 or AMX-BF16, both only
    /// beside AVX-512. .NET knows neither (Intel's Software Developer's Manual, CPUID: leaf 7, EAX of subleaf 1 and EDX of subleaf 0).
    /// </summary>
    public static bool HasBFloat16 => Avx512BW.IsSupported
        && ((X86Base.CpuId(7, 1).Eax & Avx512BFloat16) != 0 || (X86Base.CpuId(7, 0).Edx & AmxBFloat16) != 0);
}
