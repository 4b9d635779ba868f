using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks;

/// <summary>What belongs beside every number: how many cores there are, and which instructions.</summary>
internal static class Processor
{
    private const string Flags = "flags";

    /// <summary>The processor's instruction sets for vectors, as Linux names them, and how wide .NET's vectors are, which settings may limit.</summary>
    public static string Description { get; } =
        $"{Environment.ProcessorCount} cores, {string.Join(' ', InstructionSets())}; .NET's vectors have {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)} bits";

    private static IEnumerable<string> InstructionSets() =>
        OperatingSystem.IsLinux() && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(Flags, StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':') + 1)..].Split(' ').Where(name => name.StartsWith("avx", StringComparison.Ordinal) || name.StartsWith("amx", StringComparison.Ordinal) || name is "fma" or "f16c")
            : [Avx512F.IsSupported ? "avx512f" : Avx2.IsSupported ? "avx2" : "neither avx2 nor avx512f"];
}
