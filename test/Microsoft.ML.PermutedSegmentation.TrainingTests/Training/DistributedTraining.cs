using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What one process and several train, to be compared.</summary>
internal static class DistributedTraining
{
    public const int Rows = 26;

    // One ReLU that falls to the other side of zero makes a hundredth, in images as small as these.
    public const double Rounding = 0.1;

    /// <summary>The paper's recipe at a low rate: at a high one, each step makes rounding much larger.</summary>
    public static PermutedSegmentationTrainer.Options Recipe(IProcessGroup? group)
    {
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 2);
        (options.LearningRate, options.BatchSize, options.ProcessGroup, options.Loss) = (0.0003, 11, group, new SegmentationLoss());
        return options;
    }

    /// <summary>The weights that a training starts from.</summary>
    public static Dictionary<string, float[]> InitialWeights(Action<PermutedSegmentationTrainer.Options>? change = null)
    {
        PermutedSegmentationTrainer.Options options = WithoutLearning();
        change?.Invoke(options);
        return Weights(options, rows: options.BatchSize + 1);
    }

    /// <summary>One step that leaves the weights where they were.</summary>
    public static PermutedSegmentationTrainer.Options WithoutLearning()
    {
        PermutedSegmentationTrainer.Options options = Recipe(null);
        (options.Epochs, options.BatchSize, options.LearningRate, options.MinimumLearningRate) = (1, 4, 1e-30, 0);
        return options;
    }

    /// <summary>What a training ends with.</summary>
    public static Dictionary<string, float[]> Weights(PermutedSegmentationTrainer.Options options, PermutationKey? key = null, int rows = Rows)
    {
        var mlContext = CpuContext.Create(seed: 4);
        var trainers = mlContext.Segmentation().Trainers;
        using var model = (key is null ? trainers.Fcn(options) : trainers.Permuted(key, options)).Fit(ColorPatches.View(mlContext, rows));
        return model.Weights();
    }

    /// <summary>Copies of a model's weights and statistics.</summary>
    public static Dictionary<string, float[]> Weights(this PermutedSegmentationTransformer model) =>
        model.Network().State.ToDictionary(entry => entry.Key, entry => entry.Value.detach().data<float>().ToArray());

    /// <summary>How far two trainings are from one another, as a share of the way that one has gone.</summary>
    public static double Difference(Dictionary<string, float[]> one, Dictionary<string, float[]> other, Dictionary<string, float[]> start)
    {
        return Distance(one, other) / Distance(one, start);

        static double Distance(Dictionary<string, float[]> first, Dictionary<string, float[]> second) =>
            Math.Sqrt(first.Where(entry => !entry.Key.Contains("running")).Sum(entry => Math.Pow(TensorPrimitives.Distance<float>(entry.Value, second[entry.Key]), 2)));
    }

    /// <summary>Whether values are the same, bit for bit.</summary>
    public static bool AreSame(float[] one, float[] other) => MemoryMarshal.AsBytes<float>(one).SequenceEqual(MemoryMarshal.AsBytes<float>(other));

    /// <summary>Checks that all processes have the same, bit for bit. There are millions of values, which xunit would compare one by one.</summary>
    public static void AssertSame(params Dictionary<string, float[]>[] processes)
    {
        foreach (Dictionary<string, float[]> other in processes[1..])
            Assert.All(processes[0], entry => Assert.True(AreSame(entry.Value, other[entry.Key]), entry.Key));
    }
}
