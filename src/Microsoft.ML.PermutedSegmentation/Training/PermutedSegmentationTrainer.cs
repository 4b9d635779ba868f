using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation.Distribution;
using Microsoft.ML.PermutedSegmentation.Tensors;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Trains a network, by default a fully convolutional one (FCN) with a ResNet backbone, to label each pixel of an image
/// with its class, and protects it with a secret key (paper, Sec. II-C).
/// </summary>
/// <remarks>
/// The network that learns is a plain one. Permuting a feature map and reading it with re-ordered weights is the same as reading the
/// plain map with plain weights, so the key is applied to the weights when training is finished, at no cost in time or accuracy. The
/// conventional method, <c>Trainers.BlockwiseEncrypted</c>, has no such identity: its network learns from encrypted images. With a
/// seed in the <see cref="MLContext"/> training on the CPU gives the same weights bit for bit, even when it is interrupted and
/// continues from its checkpoint (<see cref="Options.CheckpointPath"/>).
/// </remarks>
public sealed partial class PermutedSegmentationTrainer : IEstimator<PermutedSegmentationTransformer>
{
    private readonly IHost _host;
    private readonly PermutationKey? _key;
    private readonly ImageStep? _imageStep;
    private readonly Options _options;

    // imageStep: what the key does to images of this size, instead of feature maps.
    internal PermutedSegmentationTrainer(IHostEnvironment environment, PermutationKey? key, Options options, ImageStep? imageStep = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        // What the caller changes from now on is meant for another training.
        options = options.Copy();
        options.Validate();
        if (key is not null && imageStep is null)
            options.Protection.Check(nameof(options.FeatureMaps));
        if ((key is null || imageStep is not null) && options.InitialWeightsHook is not null)
            throw new ArgumentException("Without permuted feature maps there is no permutation to read the initial weights through.", InitialWeightsHook.Option);
        if (imageStep is not null && options.ProcessGroup is not null)
            throw new ArgumentException("Encrypted images are made with the key, which only one process has.", nameof(options.ProcessGroup));
        (_host, _key, _options, _imageStep) = (environment.Register(nameof(PermutedSegmentationTrainer)), key, options, imageStep);
    }

    /// <summary>Trains on the rows of a data view.</summary>
    /// <param name="input">Rows with an image and a mask of the same size.</param>
    /// <returns>The model of the epoch with the lowest validation loss, unlocked with the training key.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The rows cannot be used for training: there are none, all are void, there is only one class, or classes have no names or equal names.</exception>
    /// <exception cref="InvalidDataException">A row's image or mask cannot be read, or they differ in size; or the checkpoint is damaged.</exception>
    /// <exception cref="WrongKeyException">The checkpoint belongs to a training with another key.</exception>
    /// <exception cref="InvalidOperationException">
    /// The loss became NaN in the first epoch; or the checkpoint belongs to a training with other options or other data, or to one with a key
    /// while this one has none, or the other way round.
    /// </exception>
    /// <exception cref="IOException">The checkpoint cannot be written; this is checked before training. Or another process of the group has given up.</exception>
    /// <exception cref="ObjectDisposedException">The key, or the initial weights of the options, were disposed.</exception>
    /// <exception cref="OperationCanceledException">The token of the options was cancelled; or, once the first epoch has begun, that of another process of the group.</exception>
    /// <exception cref="DllNotFoundException">The application does not bring libtorch; the message says which package to add.</exception>
    public PermutedSegmentationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        try
        {
            LibTorch.Require();
            return Train(input);
        }
        catch (Exception exception) when (exception is not AgreedCancellationException)
        {
            // Others may be waiting for this process.
            _options.ProcessGroup?.Abandon();
            throw;
        }
    }

    private PermutedSegmentationTransformer Train(IDataView input)
    {
        IProcessGroup? group = _options.ProcessGroup;
        using IChannel channel = _host.Start("Training");
        int? seed = _host.GetSeed();
        using CheckpointReader? stored = FindCheckpoint(seed);
        int ownSeed = stored?.Description.Seed ?? seed ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        using var random = new TrainingRandom(group is null ? ownSeed : SharedStart.Seed(group, ownSeed));
        TrainingData data = TrainingData.Read(input, _options, random.HoldOut(), progress => _options.Progress?.Report(progress), message => channel.Warn(message));
        stored?.RequireSame(data.Description);
        if (group is not null)
            SharedStart.RequireSame(group, _options, data.Description);
        var plan = TrainingPlan.Of(_options, data.Training.Rows.Count, data.Training.Images.Sizes);
        torch.Device device = ComputeDevice.Choose(_host);
        channel.Say($"Learning {data.ClassNames.Count} classes from {data.Training.Rows.Count} images on {device.type}; {data.Validation.Rows.Count} images decide which epoch is kept. Images of {plan.ImageHeight}x{plan.ImageWidth} pixels, batches of {plan.BatchSize}, {plan.Epochs} epochs{(group is null ? "" : $"; rank {group.Rank} of {group.Size}")}.");

        if (_key is not null && _options.InitialWeights is not null && !_options.Seal)
            channel.Warn("The training starts from given weights. If these are public, a thief can compare them with those of the model, and find the order of the keyed maps without the key (docs/security.md, \"Public weights\"). Seal protects such a model.");
        ModelDescription description = Describe(data.ClassNames, plan, stored?.Salt);
        // Before training: a key that was disposed should fail now and not after hours.
        KeyEffect? effect = _key is null ? null : KeyEffect.Of(_key, description);
        var network = new TorchNetwork(description.Layout, random.Generator, device);
        try
        {
            if (_options.InitialWeights is { } initial)
                InitialWeights.Take(network, initial, _options.Network);
            _options.InitialWeightsHook?.Change(network, effect!.Weights);
            if (_options.ChosenFrozenStages is > 0 and var frozen)
                network.Freeze(FeatureMapsExtensions.FromNumber(frozen));
            network.MixedPrecision = _options.MixedPrecision;
            using var state = new TrainingState(network, _options);
            if (stored is not null)
                Resume(stored, state, plan, effect?.Weights, channel);
            if (group is not null)
                SharedStart.Share(group, state);
            CheckpointWriter? checkpoint = CreateCheckpoint(random.Seed, data, state.Position, description.Salt, effect?.Weights);
            new TrainingLoop(state, data, _options, plan, effect?.Pixels, device, random, checkpoint, channel).Run();
        }
        catch
        {
            network.Dispose();
            throw;
        }
        return new PermutedSegmentationTransformer(_host, SegmentationModel.Trained(description, network, effect, new ModelColumns(_options.ImageColumnName, _options.PredictedLabelColumnName, _options.ScoreColumnName)));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        CheckColumn(inputSchema, _options.ImageColumnName, "Image", column => column is { Kind: SchemaShape.Column.VectorKind.Scalar, ItemType: ImageDataViewType });
        CheckColumn(inputSchema, _options.LabelColumnName, "Vector<Key<Byte>>", column => column is { Kind: not SchemaShape.Column.VectorKind.Scalar, IsKey: true } && column.ItemType == NumberDataViewType.Byte);
        bool hasImageSize = _options.Scoring == ScoringMode.SlidingWindow;
        SchemaShape.Column[] added =
        [
            SchemaColumn.ClassVector(_options.PredictedLabelColumnName, NumberDataViewType.Byte, hasImageSize),
            SchemaColumn.Vector(_options.ScoreColumnName, NumberDataViewType.Single, hasImageSize),
            .. hasImageSize ? [SchemaColumn.Vector(_options.PredictedLabelColumnName + ColumnNames.SizeSuffix, NumberDataViewType.Int32)] : Array.Empty<SchemaShape.Column>(),
        ];
        return new SchemaShape(inputSchema.Where(column => added.All(other => other.Name != column.Name)).Concat(added));
    }

    // Of several processes, the first one keeps the state of all: only it has the key.
    private string? CheckpointPath => _options.ProcessGroup is { Rank: > 0 } ? null : _options.CheckpointPath;

    private JsonObject Settings => TrainingSettings.Of(_options, hasKey: _key is not null, _imageStep);

    // All that can fail about it without the data fails now.
    private CheckpointReader? FindCheckpoint(int? seed)
    {
        if (CheckpointPath is not { } path)
            return null;
        WholeFile.CheckWritable(path);
        CheckpointReader? stored = CheckpointReader.Find(path, _key);
        try
        {
            stored?.RequireSame(Settings, seed, _options.Epochs);
            return stored;
        }
        catch
        {
            stored?.Dispose();
            throw;
        }
    }

    private void Resume(CheckpointReader stored, TrainingState state, TrainingPlan plan, WeightProtection? protection, IChannel channel)
    {
        stored.Restore(state, protection);
        stored.Dispose(); // This training's own checkpoints replace the file.
        TrainingPosition position = state.Position;
        channel.Say($"Continuing after epoch {position.Epoch}/{plan.Epochs}; the best so far is epoch {position.BestEpoch}, with validation loss {position.LowestLoss:F4}.");
        _options.Progress?.Report(new TrainingProgress(
            TrainingPhase.Resuming, position.Epoch, plan.Epochs, 0, 0, 0, double.NaN, double.NaN, double.NaN, false, position.Elapsed));
    }

    private CheckpointWriter? CreateCheckpoint(int seed, TrainingData data, TrainingPosition position, byte[]? salt, WeightProtection? protection)
        => CheckpointPath is { } path
            ? new CheckpointWriter(path, new CheckpointDescription { Seed = seed, Settings = Settings, Rows = data.Description, Position = position }, salt, _key, protection)
            : null;

    // salt: of the model that the training goes on with; null for a new one.
    private ModelDescription Describe(IReadOnlyList<string> classNames, TrainingPlan plan, byte[]? salt)
    {
        var plain = new ModelDescription(
            _options.Network, _options.ChosenBackbone, _options.OutputStride, plan.ImageHeight, plan.ImageWidth, classNames).With(_options.Scoring);
        return _key is null
            ? plain
            : plain.ProtectedWith(
                _key, _imageStep is null ? _options.FeatureMaps : FeatureMaps.None, _options.StoreFingerprint, salt, _imageStep, _options.Seal);
    }

    private static void CheckColumn(SchemaShape inputSchema, string name, string needed, Func<SchemaShape.Column, bool> fits)
    {
        if (SchemaColumn.Find(inputSchema, name) is not { } column)
            throw new ArgumentOutOfRangeException(nameof(inputSchema), name, $"There is no column '{name}'; one of type {needed} is needed.");
        if (!fits(column))
            throw new ArgumentOutOfRangeException(nameof(inputSchema), name, $"Column '{name}' has type {SchemaColumn.DescribeType(column)}; {needed} is needed.");
    }
}
