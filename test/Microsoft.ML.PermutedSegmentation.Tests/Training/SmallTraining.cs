using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The state of a training of a network of some kilobytes, after some steps, to save and restore in milliseconds.</summary>
internal sealed class SmallTraining : IDisposable
{
    private static readonly NetworkLayout Layout = SmallNetworks.Layout("Basic");
    private static readonly PermutedSegmentationTrainer.Options Options = ColorPatches.Options();

    private readonly TorchNetwork _network;

    private SmallTraining(ulong seed)
    {
        _network = TorchNetwork.FromState(Layout, SmallNetworks.RandomState(Layout, seed));
        State = new TrainingState(_network, Options);
    }

    public TrainingState State { get; }

    /// <summary>Of map 6.</summary>
    public int Channels => Layout.Find(FeatureMaps.Head).Channels;

    public CheckpointDescription Description => new()
    {
        Seed = 1,
        Settings = TrainingSettings.Of(Options, hasKey: true, imageEncryption: null),
        Rows = new TrainingRows { ClassNames = ["a", "b", "c"], LearnedRows = 18, ValidationRows = 2, ImagesAndMasks = "" },
        Position = State.Position,
    };

    /// <summary>Before its first step.</summary>
    public static SmallTraining New() => new(seed: 9);

    /// <summary>With momenta that are not zero, and a best epoch that is not the last.</summary>
    public static SmallTraining WithMomenta()
    {
        var training = new SmallTraining(seed: 3);
        training.State.Best.Take();
        using var noGrad = no_grad();
        using var generator = new Generator(5);
        foreach ((string part, string parameter, Tensor value) in training.State.Tensors())
        {
            // Statistics of batch norm stay positive.
            if (part != "best" && !parameter.Contains(".running_", StringComparison.Ordinal))
                value.normal_(0, 0.1, generator);
        }
        training.State.Position = new TrainingPosition { Epoch = 3, BestEpoch = 2, LowestLoss = 0.1, Elapsed = TimeSpan.FromMinutes(1) };
        return training;
    }

    public void Save(string path, PermutationKey? key, byte[]? salt) => new CheckpointWriter(path, Description, salt, key, Protection(key, salt)).Save(State);

    public static WeightProtection? Protection(PermutationKey? key, byte[]? salt) => key is null
        ? null
        : new WeightProtection(Layout, new Dictionary<FeatureMaps, int[]>
        {
            [FeatureMaps.Head] = key.GetChannelPermutation(salt, FeatureMaps.Head.Number(), Layout.Find(FeatureMaps.Head).Channels),
        });

    public void Dispose()
    {
        State.Dispose();
        _network.Dispose();
    }
}
