using System.Globalization;
using System.Runtime.CompilerServices;
using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class NativeHeapTests
{
    [LinuxFact]
    public void Gives_back_what_is_free_between_what_is_not()
    {
        const int count = 4096;
        NativeHeap.Trim(); // what tests before have freed
        torch.Tensor[] tensors = [.. Enumerable.Range(0, count).Select(_ => torch.zeros(16 * 1024))]; // 64 KiB each
        foreach (torch.Tensor tensor in tensors.Where((_, i) => i % 8 != 0))
            tensor.Dispose();
        double before = ResidentMegabytes();
        NativeHeap.Trim();
        // 224 MiB are free; glibc alone would have kept them, since the tensors between them are in use.
        Assert.InRange(before - ResidentMegabytes(), 150, double.MaxValue);
        foreach (torch.Tensor tensor in tensors.Where((_, i) => i % 8 == 0))
            tensor.Dispose();
    }

    [Fact]
    public void Lets_nothing_young_pile_up_that_nobody_uses()
    {
        WeakReference unused = Make();
        NativeHeap.Trim();
        Assert.False(unused.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Make() => new(new object());
    }

    [LinuxFact]
    public void Now_and_then_is_not_each_time()
    {
        int collections = GC.CollectionCount(0);
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 1000; i++)
                NativeHeap.TrimNowAndThen();
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        // Other tests may collect meanwhile, too.
        Assert.InRange(GC.CollectionCount(0) - collections, 0, 100);
    }

    private static double ResidentMegabytes()
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
