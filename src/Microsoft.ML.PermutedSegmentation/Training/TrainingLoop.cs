using System.Diagnostics;
using Microsoft.ML.PermutedSegmentation.Distribution;
using Microsoft.ML.PermutedSegmentation.Tensors;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// Gradient descent on the plain network (paper, Sec. III-A). The key has no part in it: protecting the
/// result afterwards is exact (see <see cref="WeightProtection"/>), unless it encrypts images: the network then learns from
/// encrypted ones.
/// </summary>
internal sealed class TrainingLoop(
    TrainingState state, TrainingData data, PermutedSegmentationTrainer.Options options, TrainingPlan plan, PixelTransform? pixelTransform,
    Device device, TrainingRandom random, CheckpointWriter? checkpoint, IChannel channel)
{
    private readonly TorchNetwork _network = state.Network;
    private readonly BatchSource _training = new(data.Training, options, plan, pixelTransform, device);
    private readonly BatchSource _validation = new(data.Validation, options, plan, pixelTransform, device);
    private readonly LossFunction _loss = new(options.Loss, data.Training.Images.Labels.Pixels[1..], device, options.ProcessGroup);
    // Each process validates batches of its own.
    private readonly LossFunction _validationLoss = new(options.Loss, data.Training.Images.Labels.Pixels[1..], device);
    private readonly SharedSteps? _shared = options.ProcessGroup is { } group ? new SharedSteps(group, state.Network, options.SynchronizeBatchNorm) : null;
    private readonly TimeSpan _before = state.Position.Elapsed;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private double _learningRate;
    private bool _saidWhatIsMissing;

    private TimeSpan Elapsed => _before + _clock.Elapsed;

    /// <summary>Trains for all epochs that are left, and leaves the network with the weights of the epoch with the lowest validation loss.</summary>
    /// <exception cref="InvalidOperationException">The loss is no number before any epoch was good.</exception>
    public void Run()
    {
        using LossFunction loss = _loss, alone = _validationLoss;
        using SharedSteps? shared = _shared;
        for (int epoch = state.Position.Epoch + 1; epoch <= plan.Epochs && !IsOutOfPatience(); epoch++)
        {
            TimeSpan start = Elapsed;
            double trainingLoss = TrainEpoch(epoch);
            _shared?.AgreeOnStatistics(state);
            (double validationLoss, double validationIoU) = double.IsFinite(trainingLoss) ? Validate(epoch, trainingLoss) : (double.NaN, double.NaN);
            NativeHeap.Trim();
            if (!double.IsFinite(validationLoss))
            {
                StopAtNonsense(epoch);
                break;
            }
            bool isBest = validationLoss < state.Position.LowestLoss;
            if (isBest)
                state.Best.Take();
            state.Position = state.Position.After(epoch, validationLoss, Elapsed) with { OptimizerSteps = state.Optimizer.StepCount };
            checkpoint?.Save(state);
            channel.Say($"Epoch {epoch}/{plan.Epochs}: training loss {trainingLoss:F4}, validation loss {validationLoss:F4}{(isBest ? " (best so far)" : "")}, mean IoU {validationIoU:F4}, {(Elapsed - start).TotalSeconds:F1} s.");
            if (_shared is not null)
                channel.Say(_shared.Describe());
            Report(TrainingPhase.EpochCompleted, epoch, _training.StepsPerEpoch, _training.StepsPerEpoch, trainingLoss, validationLoss, validationIoU, isBest);
        }
        state.Finish();
    }

    private bool IsOutOfPatience()
    {
        TrainingPosition position = state.Position;
        bool isOut = position.Epoch - position.BestEpoch >= options.Patience;
        if (isOut)
            channel.Say($"Training ends after epoch {position.Epoch} of {plan.Epochs}: the validation loss has not been lower since epoch {position.BestEpoch}.");
        return isOut;
    }

    // The mean loss per pixel of an epoch; not a number as soon as one step's is not.
    private double TrainEpoch(int epoch)
    {
        _network.Train();
        LossSum epochLoss = default, stepLoss = default;
        int part = 0, step = 0;
        foreach (LabeledBatch made in _training.Augmented(random.StartEpoch(epoch)))
        {
            using LabeledBatch batch = made.To(device);
            ThrowIfCancelled();
            stepLoss += Accumulate(batch, part);
            if (++part < _training.PartSizes.Length)
                continue;
            _shared?.SumGradients();
            stepLoss = OfAll(stepLoss);
            if (!double.IsFinite(stepLoss.Loss))
                return double.NaN;
            long steps = (long)(epoch - 1) * _training.StepsPerEpoch + step;
            _learningRate = plan.Schedule.At(steps, _training.StepsPerEpoch);
            Step(stepLoss.Weight);
            state.Average?.Add(steps + 1);
            NativeHeap.TrimNowAndThen();
            epochLoss += stepLoss;
            (stepLoss, part) = (default, 0);
            Report(TrainingPhase.Training, epoch, ++step, _training.StepsPerEpoch, epochLoss.Mean);
        }
        return epochLoss.Weight > 0 ? epochLoss.Mean : throw new ArgumentException($"Every pixel of the training rows is void, or of a class with the weight 0.");
    }

    // Adds the gradient of the batch's summed loss to the parameters.
    private LossSum Accumulate(LabeledBatch batch, int part)
    {
        using var scope = NewDisposeScope();
        _shared?.Begin(_training.ShareOf(part), isLast: part == _training.PartSizes.Length - 1);
        (Tensor sum, LossSum share) = _loss.Of(_network.Forward(batch.Images), batch);
        sum.backward();
        _shared?.CheckBackward();
        return share;
    }

    private LossSum OfAll(LossSum own) => _shared?.Sum(own, options.CancellationToken) ?? own;

    // Several processes stop together, at a step's end.
    private void ThrowIfCancelled()
    {
        if (_shared is null)
            options.CancellationToken.ThrowIfCancellationRequested();
    }

    // The gradients are of a sum over the pixels of the whole batch, whose number is known only now.
    private void Step(double weight)
    {
        if (weight > 0)
            state.Optimizer.Step(_learningRate, weight);
        state.Optimizer.Clear();
    }

    private (double Loss, double MeanIoU) Validate(int epoch, double trainingLoss)
    {
        TorchNetwork network = state.Judged;
        network.Train(false);
        using var noGrad = no_grad();
        LossSum loss = default;
        var evaluator = new SegmentationEvaluator(data.ClassNames);
        // How many windows there will be is not known, nor how many images other processes have.
        int seen = 0, count = options.Scoring == ScoringMode.SlidingWindow || _shared is not null ? 0 : data.Validation.Rows.Count;
        foreach (LabeledBatch made in _validation.Whole())
        {
            using LabeledBatch batch = made.To(device);
            using var scope = NewDisposeScope();
            ThrowIfCancelled();
            Tensor scores = network.Forward(batch.Images);
            loss += _validationLoss.Of(scores, batch).Share;
            evaluator.AddImages([.. batch.Labels.unbind().Select(TensorLabels.ToKeyValues)], TensorLabels.ToKeyValues(scores.argmax(1)));
            Report(TrainingPhase.Validating, epoch, seen += batch.Count, count, trainingLoss);
        }
        loss = OfAll(loss);
        _shared?.AddOthers(evaluator);
        if (loss.Weight == 0)
            throw new ArgumentException($"Every pixel of the validation rows is void, or of a class with the weight 0.");
        SegmentationMetrics metrics = evaluator.ToMetrics();
        if (!_saidWhatIsMissing && metrics.ClassesWithoutTruth is { } missing)
        {
            channel.Warn($"Validation, epoch {epoch}: {missing}");
            _saidWhatIsMissing = true;
        }
        return (loss.Mean, metrics.MeanIntersectionOverUnion);
    }

    private void StopAtNonsense(int epoch)
    {
        double lowest = state.Position.LowestLoss;
        string advice = $"The loss is no longer a number in epoch {epoch}. A lower {nameof(options.LearningRate)} than {options.LearningRate} helps most often; a larger {nameof(options.BatchSize)} than {options.BatchSize} can.";
        if (double.IsInfinity(lowest))
            throw new InvalidOperationException(advice);
        channel.Warn($"{advice} Training stops here; the best epoch so far is kept, with validation loss {lowest:F4}.");
    }

    private void Report(TrainingPhase phase, int epoch, int step, int stepCount, double trainingLoss,
        double validationLoss = double.NaN, double validationIoU = double.NaN, bool isBest = false)
        => options.Progress?.Report(new TrainingProgress(
            phase, epoch, plan.Epochs, step, stepCount, _learningRate, trainingLoss, validationLoss, validationIoU, isBest, Elapsed));
}
