using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.PermutedSegmentation.Distribution;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// How the processes of a training come to the same start: rank 0 knows the key, the initial weights and the checkpoint, and gives the others its seed, its
/// position and plain weights.
/// </summary>
internal static class SharedStart
{
    /// <summary>The seed of rank 0.</summary>
    public static int Seed(IProcessGroup group, int seed) => BitConverter.ToInt32(group.BroadcastAll(BitConverter.GetBytes(seed)));

    /// <summary>Refuses a process whose options or data are not those of rank 0.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="options">This process's options.</param>
    /// <param name="rows">Its data.</param>
    /// <exception cref="InvalidOperationException">They differ.</exception>
    public static void RequireSame(IProcessGroup group, PermutedSegmentationTrainer.Options options, TrainingRows rows)
    {
        // Without what the key does, and with what a checkpoint may go on with, but all have to do alike.
        JsonObject settings = TrainingSettings.Of(options, hasKey: false, imageStep: null);
        settings[nameof(options.Epochs)] = options.Epochs;
        settings[nameof(options.Patience)] = options.Patience;
        settings[nameof(options.SynchronizeBatchNorm)] = options.SynchronizeBatchNorm;
        JsonObject own = new() { ["Options"] = settings, ["Data"] = JsonSerializer.SerializeToNode(rows, CheckpointJson.Strict.TrainingRows) };
        JsonObject first = JsonNode.Parse(group.BroadcastAll(Encoding.UTF8.GetBytes(own.ToJsonString())))!.AsObject();
        string[] differences = [.. ((string[])["Options", "Data"])
            .Select(part => CheckpointDescription.Differences(first[part]!.AsObject(), own[part]!.AsObject())).Where(text => text.Length > 0)];
        // All hear of it, so that none waits for one that has left.
        bool[] differ = [.. group.GatherAll<byte>([(byte)(differences.Length > 0 ? 1 : 0)]).Select(answer => answer[0] > 0)];
        if (differences.Length > 0)
            throw new InvalidOperationException($"Rank {group.Rank} does not train what rank 0 (there) does: {string.Join("; ", differences)}. All processes need the same options and data.");
        if (Array.IndexOf(differ, true) is >= 0 and var rank)
            throw new InvalidOperationException($"Rank {rank} has other options or other data than rank 0; it says which.");
    }

    /// <summary>Gives all processes the state of rank 0.</summary>
    public static void Share(IProcessGroup group, TrainingState state)
    {
        TrainingPosition position = state.Position;
        double[] numbers = [position.Epoch, position.BestEpoch, position.LowestLoss, position.OptimizerSteps, state.Best.Weights.Count];
        numbers = group.GatherAll<double>(numbers)[0];
        if (group.Rank != 0)
        {
            state.Position = new TrainingPosition { Epoch = (int)numbers[0], BestEpoch = (int)numbers[1], LowestLoss = numbers[2], OptimizerSteps = (long)numbers[3] };
            state.Optimizer.StepCount = state.Position.OptimizerSteps;
            if (numbers[4] > 0)
                state.Best.Take();
        }
        using var noGrad = no_grad();
        foreach ((_, _, Tensor value) in state.Tensors())
            Broadcast(group, value);
    }

    /// <summary>Gives all processes the mean of their batch norm statistics, where each has its own.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="network">The network.</param>
    /// <param name="names">Which statistics. Not those that are the same everywhere: of three equal values, the mean is not always that value.</param>
    public static void AverageStatistics(IProcessGroup group, TorchNetwork network, IEnumerable<string> names)
    {
        using var noGrad = no_grad();
        foreach (string name in names)
        {
            Tensor value = network.State[name];
            float[] values = ValuesOf(value);
            group.Sum(values);
            TensorPrimitives.Divide(values, group.Size, values);
            Set(value, values);
        }
    }

    private static void Broadcast(IProcessGroup group, Tensor value)
    {
        float[] values = ValuesOf(value);
        group.Broadcast(MemoryMarshal.AsBytes(values.AsSpan()), root: 0);
        if (group.Rank != 0)
            Set(value, values);
    }

    private static float[] ValuesOf(Tensor value)
    {
        float[] values = new float[value.NumberOfElements];
        using Tensor plain = value.detach();
        plain.UseBytes(bytes => bytes.CopyTo(MemoryMarshal.AsBytes(values.AsSpan())));
        return values;
    }

    private static void Set(Tensor value, float[] values)
    {
        using var scope = NewDisposeScope();
        using Tensor stored = TensorBytes.Create(value.shape, target => values.CopyTo(target));
        value.copy_(stored);
    }
}
