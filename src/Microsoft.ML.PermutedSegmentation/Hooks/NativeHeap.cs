using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation.Hooks;

/// <summary>
/// The memory of tensors that are freed goes back to the C library. glibc before 2.38 cannot reuse the place of an aligned block for
/// another of the same size, and a training, which frees and takes hundreds of tensors a step, spreads over half as much memory
/// again as it uses, and scoring leaves between its weights what was needed to load them. Trimming returns what is free, wherever it lies, to the operating system; where the C library is another, it is left alone.
/// </summary>
internal static class NativeHeap
{
    // Memory that was given back has to be got again: often enough to help, and too seldom to be noticed.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(8);

    private static readonly TrimFunction? Function = FindFunction();

    // At once for the first time: what was needed to load a model is free by then.
    private static long _next;

    private delegate int TrimFunction(nuint pad);

    /// <summary>Returns unused memory to the operating system.</summary>
    public static void Trim()
    {
        // .NET's objects for tensors are small, but may pile up to the size of the processor's cache: on a server, to hundreds of megabytes.
        GC.Collect(0);
        Function?.Invoke(0);
    }

    /// <summary>The same, when this process has not done it for a while.</summary>
    public static void TrimNowAndThen()
    {
        long now = Stopwatch.GetTimestamp(), next = Volatile.Read(ref _next);
        // Of several threads one: the others would wait for it.
        if (now >= next && Interlocked.CompareExchange(ref _next, now + (long)(Interval.TotalSeconds * Stopwatch.Frequency), next) == next)
            Trim();
    }

    private static TrimFunction? FindFunction() =>
        OptionalHooks.AreOn && OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad("libc.so.6", out nint library) && NativeLibrary.TryGetExport(library, "malloc_trim", out nint function)
            ? Marshal.GetDelegateForFunctionPointer<TrimFunction>(function)
            : null;
}
