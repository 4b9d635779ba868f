using System.Diagnostics;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Attacks a protected model as a thief would who has its file and some labelled images, and measures what each attack makes
/// of it. The right key is only used to make partly right ones.
/// </summary>
internal sealed class AttackEvaluation
{
    // Decoded images of the attacker and of the test; both have to stay in memory.
    private const long LargestDecoded = 8L << 30;

    private readonly SegmentationModel _model;
    private readonly Device _device;
    private readonly AttackOptions _options;
    private readonly int _seed;
    private readonly List<AttackResult> _results = [];

    /// <param name="model">A model of permuted feature maps, locked or not.</param>
    /// <param name="device">Where to run.</param>
    /// <param name="options">What to try; checked.</param>
    /// <param name="seed">Where every random number comes from.</param>
    public AttackEvaluation(SegmentationModel model, Device device, AttackOptions options, int seed) =>
        (_model, _device, _options, _seed) = (model, device, options, seed);

    private ModelDescription Description => _model.Description;

    /// <summary>Runs all attacks.</summary>
    public IReadOnlyList<AttackResult> Run(IDataView attackerImages, IDataView testImages, PermutationKey key)
    {
        LabeledImage[] images = Read(attackerImages);
        using var test = new TestImages(Read(testImages), Description, _device);
        new Random(_seed).Shuffle(images);

        Try(test, AttackMethod.NoKey, 0, double.NaN, _ => Stolen(guess: null));
        foreach (double share in _options.MisplacedShares)
            Try(test, AttackMethod.PartlyRightKey, 0, share, _ => Stolen(PartlyRight(key, share)));
        HashSet<string> readers = [.. ChannelReorderings.For(Description.Architecture, TrueOrders(key)).Select(reordering => reordering.Parameter)];
        foreach (int count in _options.ImageCounts.Select(count => Math.Min(count, images.Length)).Distinct())
        {
            LabeledImage[] given = [.. images.Take(count)];
            Try(test, AttackMethod.FineTuneReaders, count, double.NaN, generator => Tuned(Stolen(guess: null, generator), given, readers, _options.FineTuningRate));
            Try(test, AttackMethod.FineTuneAll, count, double.NaN, generator => Tuned(Stolen(guess: null, generator), given, null, _options.FineTuningRate));
            Try(test, AttackMethod.TrainFromScratch, count, double.NaN, generator => Tuned(new FcnNetwork(Description.Architecture, generator, _device), given, null, _options.ScratchRate));
        }
        return _results;
    }

    private void Try(TestImages test, AttackMethod method, int imageCount, double share, Func<Generator, FcnNetwork> attack)
    {
        _options.CancellationToken.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        using var generator = new Generator((ulong)_seed);
        using FcnNetwork network = attack(generator);
        double seconds = clock.Elapsed.TotalSeconds;
        SegmentationMetrics metrics = test.Evaluate(network, _options.CancellationToken);
        var result = new AttackResult(method, imageCount, share,
            metrics.MeanIntersectionOverUnion, metrics.MeanImageIntersectionOverUnion, metrics.PixelAccuracy, seconds);
        _results.Add(result);
        _options.Progress?.Report(result);
    }

    private LabeledImage[] Read(IDataView data)
    {
        var decoded = new DecodedImages(data, Description.ImageColumnName, _options.LabelColumnName, LargestDecoded);
        if (decoded.ClassNames.Count != Description.ClassNames.Count)
            throw new ArgumentException($"Column '{_options.LabelColumnName}' has {decoded.ClassNames.Count} classes, the model {Description.ClassNames.Count}; they must be the same.");
        decoded.ReadAll(_ => { }, _options.CancellationToken);
        return decoded.Count > 0
            ? [.. decoded.Visit([.. Enumerable.Range(0, decoded.Count)]).Select(visited => visited.Image)]
            : throw new ArgumentException("The data has no rows; images with masks are needed.");
    }

    // A copy of the stolen weights, with a guess undone.
    private FcnNetwork Stolen(IReadOnlyDictionary<FeatureMaps, int[]>? guess, Generator? generator = null)
    {
        var protection = new WeightProtection(Description.Architecture, guess ?? new Dictionary<FeatureMaps, int[]>());
        var state = new Dictionary<string, Tensor>();
        foreach ((string name, Tensor stored) in _model.StoredState())
        {
            using (stored)
            using (Tensor guessed = protection.Unprotect(name, stored))
                state[name] = guessed.clone();
        }
        return FcnNetwork.FromState(Description.Architecture, state, generator);
    }

    private FcnNetwork Tuned(FcnNetwork network, LabeledImage[] images, HashSet<string>? only, double rate)
    {
        new FineTuning(_options, Description, _device).Run(network, images, only, rate, new Random(_seed));
        return network;
    }

    private Dictionary<FeatureMaps, int[]> TrueOrders(PermutationKey key) => Description.FeatureMaps.Each().ToDictionary(
        map => map, map => key.GetChannelPermutation(Description.Salt, map.Number(), Description.Architecture.ChannelsOf(map)));

    // The true order with a share of the channels, drawn at random, moved around in a circle: none of them is in its place.
    private Dictionary<FeatureMaps, int[]> PartlyRight(PermutationKey key, double share)
    {
        var random = new Random(_seed);
        Dictionary<FeatureMaps, int[]> orders = TrueOrders(key);
        foreach (int[] order in orders.Values)
        {
            int count = (int)Math.Round(share * order.Length);
            // One channel alone cannot be misplaced.
            count = count == 1 ? 2 : count;
            int[] places = [.. Enumerable.Range(0, order.Length)];
            random.Shuffle(places);
            for (int i = 0; i + 1 < count; i++)
                (order[places[i]], order[places[i + 1]]) = (order[places[i + 1]], order[places[i]]);
        }
        return orders;
    }

    /// <summary>Checks the arguments of the catalog and runs all attacks.</summary>
    public static IReadOnlyList<AttackResult> Evaluate(
        IHostEnvironment environment, ITransformer model, IDataView attackerImages, IDataView testImages, PermutationKey key, AttackOptions options)
    {
        options.Validate();
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = ModelChain.Split(model);
        if (segmenter.Model.Description.FeatureMaps == FeatureMaps.None)
            throw new ArgumentException("No feature map of this model is protected by a key: there is nothing to attack.", nameof(model));
        if (segmenter.Model.Matches(key) == false)
            throw new ArgumentException("This is not the model's key: the fingerprint differs.", nameof(key));
        IDataView Prepare(IDataView data) => before.Aggregate(data, (view, transformer) => transformer.Transform(view));
        int seed = ((IHostEnvironmentInternal)environment).Seed ?? Random.Shared.Next();
        return new AttackEvaluation(segmenter.Model, ComputeDevice.Choose(environment), options, seed)
            .Run(Prepare(attackerImages), Prepare(testImages), key);
    }
}
