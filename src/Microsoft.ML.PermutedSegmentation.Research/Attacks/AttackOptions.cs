namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What attacks on a stolen model may use.</summary>
public sealed class AttackOptions
{
    /// <summary>What to try, each once.</summary>
    public IReadOnlyList<AttackMethod> Methods { get; set; } = Enum.GetValues<AttackMethod>();

    /// <summary>
    /// Weights that the attacker knows the model to have been trained from, for <see cref="AttackMethod.PublicWeights"/> and what follows from it; null
    /// if there are none; then these attacks are not tried.
    /// </summary>
    public SegmentationWeights? PublicWeights { get; set; }

    /// <summary>Images whose statistics <see cref="AttackMethod.ActivationStatistics"/> takes, at most; they need no masks.</summary>
    public int StatisticsImages { get; set; } = 100;

    /// <summary>Swaps that <see cref="AttackMethod.GreedySwaps"/> tries.</summary>
    public int Swaps { get; set; } = 500;

    /// <summary>The numbers of the attacker's labelled images that each training is tried with; each at least 1. A number above the available images means all of them.</summary>
    public IReadOnlyList<int> ImageCounts { get; set; } = [1, 5, 10, 50, int.MaxValue];

    /// <summary>
    /// How many masks <see cref="AttackMethod.OracleDistillation"/> asks for, each number once; each at least 1. Images and answers are kept in memory,
    /// at the size of the network's images, four bytes a pixel.
    /// </summary>
    public IReadOnlyList<int> OracleQueries { get; set; } = [1000];

    /// <summary>The shares of misplaced channels, 0 to 1, of <see cref="AttackMethod.PartlyRightKey"/>.</summary>
    public IReadOnlyList<double> MisplacedShares { get; set; } = [0, 0.05, 0.1, 0.25, 0.5, 0.75, 1];

    /// <summary>Steps of a training; more with many images, so that each is seen <see cref="LeastEpochs"/> times.</summary>
    public int Steps { get; set; } = 150;

    /// <summary>How often a training sees each image, at least.</summary>
    public int LeastEpochs { get; set; } = 4;

    /// <summary>Images per step.</summary>
    public int BatchSize { get; set; } = 8;

    /// <summary>The learning rate that trainings from the stolen weights, or from public ones, start with. It falls along half a cosine to nearly 0.</summary>
    public double FineTuningRate { get; set; } = 0.02;

    /// <summary>The learning rate that trainings from random weights start with.</summary>
    public double ScratchRate { get; set; } = 0.1;

    /// <summary>Column of true masks.</summary>
    public string LabelColumnName { get; set; } = ColumnNames.Label;

    /// <summary>Receives each result.</summary>
    public IProgress<AttackResult>? Progress { get; set; }

    /// <summary>Ends the attacks with an <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken CancellationToken { get; set; }

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(LabelColumnName);
        foreach (AttackMethod method in Methods)
        {
            if (!Enum.IsDefined(method))
                throw new ArgumentOutOfRangeException(nameof(Methods), method, "Unknown method of attack.");
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(StatisticsImages, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Swaps, 1);
        foreach (int count in ImageCounts)
            ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(ImageCounts));
        foreach (int count in OracleQueries)
            ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(OracleQueries));
        foreach (double share in MisplacedShares)
        {
            if (!(share is >= 0 and <= 1))
                throw new ArgumentOutOfRangeException(nameof(MisplacedShares), share, "A share of misplaced channels is from 0 to 1.");
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(Steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(LeastEpochs, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        CheckRate(nameof(FineTuningRate), FineTuningRate);
        CheckRate(nameof(ScratchRate), ScratchRate);
    }

    private static void CheckRate(string name, double rate)
    {
        if (!(rate > 0) || double.IsInfinity(rate))
            throw new ArgumentOutOfRangeException(name, rate, "The learning rate must be positive and finite.");
    }
}
