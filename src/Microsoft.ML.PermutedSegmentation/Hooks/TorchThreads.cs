using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Hooks;

/// <summary>
/// Loops on the threads that libtorch's operators run on. After an operator these spin for some milliseconds before they sleep, and a
/// thread of .NET's pool has to wait until one of them leaves its core. Where their OpenMP library is not GNU's, as on Windows and
/// macOS, .NET's pool is used all the same.
/// </summary>
internal static unsafe class TorchThreads
{
    // libgomp's GOMP_parallel(body, data, threads, flags): body(data) runs on each of the threads, of which the caller is one.
    private static readonly delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> Parallel = FindFunction();

    /// <summary>Calls the action with 0 to count - 1 in any order, several at a time, and waits for all.</summary>
    public static void For(int count, Action<int> action)
    {
        if (Parallel == null)
            ForOnPool(count, action);
        else
            ForOnLibgomp(count, action);
    }

    /// <summary>The same on .NET's thread pool, always.</summary>
    internal static void ForOnPool(int count, Action<int> action) =>
        System.Threading.Tasks.Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = torch.get_num_threads() }, action);

    private static void ForOnLibgomp(int count, Action<int> action)
    {
        var loop = new Loop(count, action);
        var handle = GCHandle.Alloc(loop);
        // All the threads even if fewer would do: libgomp ends those that one loop leaves out, and starts new ones for the next.
        Parallel(&Run, GCHandle.ToIntPtr(handle), (uint)torch.get_num_threads(), 0);
        handle.Free();
        loop.ThrowIfFailed();
    }

    [UnmanagedCallersOnly]
    private static void Run(nint loop) => ((Loop)GCHandle.FromIntPtr(loop).Target!).Run();

    private static delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> FindFunction()
    {
        if (!OptionalHooks.AreOn || !OperatingSystem.IsLinux())
            return null;
        if (NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, null, out nint library) && NativeLibrary.TryGetExport(library, "GOMP_parallel", out nint function))
            return (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)function;
        OptionalHooks.SayMissing("GOMP_parallel", "Winograd's transforms run on .NET's thread pool");
        return null;
    }

    private sealed class Loop(int count, Action<int> action)
    {
        private ExceptionDispatchInfo? _failure;
        private int _next;

        // An exception must not reach libgomp.
        public void Run()
        {
            try
            {
                for (int i = Interlocked.Increment(ref _next) - 1; i < count && _failure is null; i = Interlocked.Increment(ref _next) - 1)
                    action(i);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        public void ThrowIfFailed() => _failure?.Throw();
    }
}
