using System.Diagnostics;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using Guess = System.Collections.Generic.Dictionary<Microsoft.ML.PermutedSegmentation.FeatureMaps, int[]>;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>
/// Attacks a protected model as a thief would who has its file and some images, and measures what each attack makes of it.
/// The right key makes partly right ones, tells how much of a guess is right, and lets the unlocked copy answer.
/// </summary>
internal sealed class AttackEvaluation
{
    // A batch of images is used whole for each swap.
    private const int LargestSwapBatch = 16;

    private readonly StolenModel _stolen;
    private readonly SegmentationModel _unlocked;
    private readonly LabeledImage[] _images;
    private readonly TestImages _test;
    private readonly Guess _right;
    private readonly AttackOptions _options;
    private readonly int _seed;
    private readonly List<AttackResult> _results = [];
    private Guess? _statistics;

    /// <param name="stolen">A model of permuted feature maps.</param>
    /// <param name="unlocked">The same with its key, which answers queries.</param>
    /// <param name="images">The attacker's, in any order.</param>
    /// <param name="test">What to try the attacked models on.</param>
    /// <param name="right">The right α of each keyed map.</param>
    /// <param name="options">What to try; checked.</param>
    /// <param name="seed">Where every random number comes from.</param>
    public AttackEvaluation(
        StolenModel stolen, SegmentationModel unlocked, LabeledImage[] images, TestImages test, Guess right, AttackOptions options, int seed)
    {
        (_stolen, _unlocked, _images, _test, _right, _options, _seed) = (stolen, unlocked, images, test, right, options, seed);
        new Random(seed).Shuffle(_images);
    }

    /// <summary>Runs all attacks.</summary>
    public IReadOnlyList<AttackResult> Run()
    {
        Try(AttackMethod.NoKey, 0, () => []);
        // Nothing of a sealed model's key is right or wrong by itself.
        foreach (double share in _stolen.Description.IsSealed ? [] : _options.MisplacedShares)
            Try(AttackMethod.PartlyRightKey, 0, () => PartlyRight(share));
        if (_options.PublicWeights is { } known && _stolen.KeyedMaps.Count > 0)
            Try(AttackMethod.PublicWeights, 0, () => MatchPublicWeights(known));
        // Of map 6 alone nothing is remembered: the guess would be no key.
        if (HasStatistics)
            Try(AttackMethod.ActivationStatistics, 0, MatchStatistics);
        foreach (int count in _options.ImageCounts.Select(count => Math.Min(count, _images.Length)).Distinct())
            RunWithImages(count);
        foreach (int count in _options.OracleQueries.Distinct())
            TryTraining(AttackMethod.OracleDistillation, count, FromPublicWeights, null, _options.PublicWeights is null ? _options.ScratchRate : _options.FineTuningRate);
        return _results;
    }

    private void RunWithImages(int count)
    {
        double rate = _options.FineTuningRate;
        if (_stolen.KeyedMaps.Count > 0)
        {
            Try(AttackMethod.GreedySwaps, count, () => Swap(count));
            Try(AttackMethod.RelaxedPermutation, count, () => Relax(count));
            TryTraining(AttackMethod.FineTuneReaders, count, generator => _stolen.Copy(generator: generator), Readers, rate);
            if (HasStatistics)
                TryTraining(AttackMethod.StatisticsThenFineTuneReaders, count, generator => _stolen.Copy(MatchStatistics(), generator), Readers, rate);
            if (_options.PublicWeights is { } known)
                TryTraining(AttackMethod.PublicWeightsThenFineTuneReaders, count, generator => _stolen.Copy(MatchPublicWeights(known), generator), Readers, rate);
        }
        TryTraining(AttackMethod.FineTuneAll, count, generator => _stolen.Copy(generator: generator), null, rate);
        TryTraining(AttackMethod.TrainFromScratch, count, FromNothing, null, _options.ScratchRate);
        if (_options.PublicWeights is not null)
            TryTraining(AttackMethod.FineTunePublicWeights, count, FromPublicWeights, null, rate);
    }

    private bool HasStatistics => _stolen.KeyedMaps.Any(map => map != FeatureMaps.Head);

    // All that the key re-ordered.
    private HashSet<string> Readers
    {
        get
        {
            var protection = new WeightProtection(_stolen.Description.Layout, _right);
            return [.. _stolen.Description.Layout.Parameters.Select(parameter => parameter.Name).Where(protection.Changes)];
        }
    }

    private void Try(AttackMethod method, int imageCount, Func<Guess> attack)
    {
        if (!_options.Methods.Contains(method))
            return;
        _options.CancellationToken.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        Guess guess = attack();
        double seconds = clock.Elapsed.TotalSeconds;
        using TorchNetwork network = _stolen.Copy(guess);
        Add(method, imageCount, method == AttackMethod.NoKey ? double.NaN : MisplacedShare(guess), network, seconds);
    }

    private void TryTraining(AttackMethod method, int imageCount, Func<Generator, TorchNetwork> start, IReadOnlySet<string>? only, double rate)
    {
        if (!_options.Methods.Contains(method))
            return;
        _options.CancellationToken.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        using var generator = new Generator((ulong)_seed);
        using TorchNetwork network = start(generator);
        using AttackerImages images = Draw(method == AttackMethod.OracleDistillation ? Ask(imageCount) : _images[..imageCount]);
        FineTuning.Run(network, Batches(images), StepsFor(imageCount), only, rate, _stolen.Device);
        Add(method, imageCount, double.NaN, network, clock.Elapsed.TotalSeconds);
    }

    private void Add(AttackMethod method, int imageCount, double misplacedShare, TorchNetwork network, double seconds)
    {
        SegmentationMetrics metrics = _test.Evaluate(network, _options.CancellationToken);
        var result = new AttackResult(method, imageCount, misplacedShare,
            metrics.MeanIntersectionOverUnion, metrics.MeanImageIntersectionOverUnion, metrics.PixelAccuracy, seconds);
        _results.Add(result);
        _options.Progress?.Report(result);
    }

    // Random weights, of whatever is not public.
    private TorchNetwork FromPublicWeights(Generator generator)
    {
        TorchNetwork network = FromNothing(generator);
        if (_options.PublicWeights is { } known)
            InitialWeights.Take(network, known, _stolen.Description.Network);
        return network;
    }

    private TorchNetwork FromNothing(Generator generator) => new(_stolen.Description.Layout, generator, _stolen.Device);

    private LabeledImage[] Ask(int count)
    {
        using var use = _unlocked.Use();
        return OracleQueries.Ask(use.Value.Network, _images, count, _stolen.Description, new Random(_seed), _stolen.Device, _options.CancellationToken);
    }

    private Guess MatchPublicWeights(SegmentationWeights known)
    {
        using var use = known.Use();
        return PublicWeightsMatching.Guess(_stolen, use.Value);
    }

    private Guess MatchStatistics()
    {
        if (_statistics is null)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator((ulong)_seed);
            LabeledBatch[] batches = [.. _images.Take(_options.StatisticsImages).Chunk(8).Select(part => Whole(part).To(_stolen.Device))];
            try
            {
                // The network's inputs alone; labels stay unused.
                _statistics = StatisticsMatching.Guess(_stolen, [.. batches.Select(batch => batch.Images)], generator, _options.CancellationToken);
            }
            finally
            {
                foreach (LabeledBatch batch in batches)
                    batch.Dispose();
            }
        }
        return _statistics;
    }

    private Guess Swap(int count)
    {
        using LabeledBatch batch = Whole(_images[..Math.Min(count, LargestSwapBatch)]).To(_stolen.Device);
        return GreedySwaps.Guess(_stolen, batch, _options.Swaps, new Random(_seed), _options.CancellationToken);
    }

    private Guess Relax(int count)
    {
        using var generator = new Generator((ulong)_seed);
        using AttackerImages images = Draw(_images[..count]);
        return RelaxedPermutation.Guess(_stolen, Batches(images), StepsFor(count), generator);
    }

    // The right order with a share of the channels, drawn at random, moved around in a circle: none of them is in its place.
    private Guess PartlyRight(double share)
    {
        var random = new Random(_seed);
        Guess orders = _right.ToDictionary(entry => entry.Key, entry => (int[])entry.Value.Clone());
        foreach (int[] order in orders.Values)
        {
            int[] places = [.. Enumerable.Range(0, order.Length)];
            random.Shuffle(places);
            // One channel alone cannot be misplaced: from one step on there are two.
            for (int i = 0; i + 1 < Math.Round(share * order.Length); i++)
                (order[places[i]], order[places[i + 1]]) = (order[places[i + 1]], order[places[i]]);
        }
        return orders;
    }

    private double MisplacedShare(Guess guess)
    {
        int channels = 0, misplaced = 0;
        foreach ((FeatureMaps map, int[] right) in _right)
        {
            int[]? guessed = guess.GetValueOrDefault(map);
            channels += right.Length;
            misplaced += Enumerable.Range(0, right.Length).Count(i => (guessed is null ? i : guessed[i]) != right[i]);
        }
        return (double)misplaced / channels;
    }

    private LabeledBatch Whole(IEnumerable<LabeledImage> images) => LabeledBatch.Of(
        [.. images.Select(image => (image, CropBox.Whole(image.Height, image.Width)))], _stolen.Description.ImageHeight, _stolen.Description.ImageWidth);

    private AttackerImages Draw(LabeledImage[] images) => new(images, _stolen.Description, _options.BatchSize, new Random(_seed));

    private Func<LabeledBatch> Batches(AttackerImages images) => () =>
    {
        _options.CancellationToken.ThrowIfCancellationRequested();
        return images.Draw();
    };

    private int StepsFor(int imageCount) => Math.Max(_options.Steps, _options.LeastEpochs * imageCount / _options.BatchSize);
}
