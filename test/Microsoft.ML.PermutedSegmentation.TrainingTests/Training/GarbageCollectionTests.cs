using System.Diagnostics;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A tensor that nobody holds is freed at any moment, even while libtorch works on it, and then the process ends.</summary>
public sealed class GarbageCollectionTests
{
    [Fact]
    public void Weights_are_drawn_and_copied_whatever_the_collector_does()
    {
        using var generator = new Generator(1);
        bool isDone = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref isDone))
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        // First often, since only code that .NET has compiled again, for speed, lets go of what it does not need any more; then with tensors
        // that take their time.
        Repeat(SmallNetworks.Layout("Basic"), seconds: 1);
        Repeat(FcnLayout.Create(ResNet.Of(Backbone.ResNet18, outputStride: 8), classCount: 3), seconds: 4);
        Volatile.Write(ref isDone, true);
        collector.Join();

        void Repeat(NetworkLayout layout, double seconds)
        {
            for (var watch = Stopwatch.StartNew(); watch.Elapsed.TotalSeconds < seconds;)
            {
                using var network = new TorchNetwork(layout, generator);
                for (int i = 0; i < 5; i++)
                {
                    using var snapshot = new Snapshot(network);
                    snapshot.Take();
                    Assert.Equal(network.State.Count, snapshot.Weights.Count);
                }
            }
        }
    }
}
