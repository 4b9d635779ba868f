using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// What holds native memory may be disposed while eight threads use it: each of them ends with an exception that names it. A crash of
/// native code would end the whole test run.
/// </summary>
public sealed class ThreadedDisposalTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    private const int ThreadCount = 8;

    private MLContext MLContext => exported.Plain.MLContext;

    [Fact]
    public void A_model()
    {
        PermutedSegmentationTransformer model = MLContext.Segmentation().Unlock(exported.Locked, exported.Key);
        Check(model, () => exported.Plain.LabelsOf(model), nameof(PermutedSegmentationTransformer));
    }

    [Fact]
    public void A_chain()
    {
        var chain = new TransformerChain<PermutedSegmentationTransformer>(MLContext.Segmentation().Unlock(exported.Locked, exported.Key));
        Check((IDisposable)chain, () => exported.Plain.LabelsOf(chain), nameof(PermutedSegmentationTransformer));
    }

    [Fact]
    public void Weights()
    {
        SegmentationWeights weights = SegmentationWeights.Of(exported.Unlocked);
        Check(weights, () => MLContext.Segmentation().CreateModel(weights, ["a", "b", "c"]).Dispose(), nameof(SegmentationWeights));
    }

    [Fact]
    public void A_model_of_ONNX()
    {
        OnnxSegmenter segmenter = OnnxSegmenter.Load(exported.Path, exported.Key);
        Check(segmenter, () => segmenter.Segment(new byte[3 * 20 * 30], 20, 30), nameof(OnnxSegmenter));
    }

    private static void Check(IDisposable owner, Action use, string name)
    {
        using var started = new CountdownEvent(ThreadCount);
        var ends = new Exception?[ThreadCount];
        Thread[] threads = [.. Enumerable.Range(0, ThreadCount).Select(i => new Thread(() => ends[i] = UseUntilItFails(use, started)))];
        foreach (Thread thread in threads)
            thread.Start();
        // All have used it once, and go on.
        started.Wait();
        owner.Dispose();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.All(ends, end => Assert.Equal(name, Assert.IsType<ObjectDisposedException>(end).ObjectName));
    }

    private static Exception UseUntilItFails(Action use, CountdownEvent started)
    {
        Exception? end = null;
        for (bool isFirst = true; end is null; isFirst = false)
        {
            end = Record.Exception(use);
            if (isFirst)
                started.Signal();
        }
        return end;
    }
}
