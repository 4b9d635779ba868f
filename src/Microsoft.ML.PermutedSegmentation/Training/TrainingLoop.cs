using System.Diagnostics;
using Microsoft.ML.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// Stochastic gradient descent on the plain network (paper, Sec. III-A). The key has no part in it: protecting the
/// result afterwards is exact (see <see cref="WeightProtection"/>), unless it encrypts images: the network then learns from
/// encrypted ones.
/// </summary>
internal sealed class TrainingLoop(
    TrainingState state, TrainingData data, PermutedSegmentationTrainer.Options options, PixelTransform? pixelTransform,
    Device device, TrainingRandom random, CheckpointWriter? checkpoint, IChannel channel)
{
    private readonly TorchNetwork _network = state.Network;
    private readonly BatchSource _training = new(data.Training, options, pixelTransform);
    private readonly BatchSource _validation = new(data.Validation, options, pixelTransform);
    private readonly CosineAnnealingWithWarmRestarts _schedule = options.Schedule;
    private readonly TimeSpan _before = state.Position.Elapsed;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly NativeHeap _heap = new();
    private double _learningRate;
    private bool _saidWhatIsMissing;

    private TimeSpan Elapsed => _before + _clock.Elapsed;

    /// <summary>Trains for all epochs that are left, and leaves the network with the weights of the epoch with the lowest validation loss.</summary>
    /// <exception cref="InvalidOperationException">The loss is no number before any epoch was good.</exception>
    public void Run()
    {
        for (int epoch = state.Position.Epoch + 1; epoch <= options.Epochs; epoch++)
        {
            TimeSpan start = Elapsed;
            double trainingLoss = TrainEpoch(epoch);
            (double validationLoss, double validationIoU) = double.IsFinite(trainingLoss) ? Validate(epoch, trainingLoss) : (double.NaN, double.NaN);
            _heap.Trim();
            if (!double.IsFinite(validationLoss))
            {
                StopAtNonsense(epoch);
                break;
            }
            bool isBest = validationLoss < state.Position.LowestLoss;
            if (isBest)
                state.Best.Take();
            state.Position = state.Position.After(epoch, validationLoss, Elapsed);
            checkpoint?.Save(state);
            channel.Say($"Epoch {epoch}/{options.Epochs}: training loss {trainingLoss:F4}, validation loss {validationLoss:F4}{(isBest ? " (best so far)" : "")}, mean IoU {validationIoU:F4}, {(Elapsed - start).TotalSeconds:F1} s.");
            Report(TrainingPhase.EpochCompleted, epoch, _training.StepsPerEpoch, _training.StepsPerEpoch, trainingLoss, validationLoss, validationIoU, isBest);
        }
        state.Best.Restore();
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
            options.CancellationToken.ThrowIfCancellationRequested();
            stepLoss += Accumulate(batch);
            if (++part < _training.PartSizes.Length)
                continue;
            if (!double.IsFinite(stepLoss.Loss))
                return double.NaN;
            _learningRate = _schedule.At(epoch - 1 + step / (double)_training.StepsPerEpoch);
            Step(stepLoss.Pixels);
            _heap.TrimNowAndThen();
            epochLoss += stepLoss;
            (stepLoss, part) = (default, 0);
            Report(TrainingPhase.Training, epoch, ++step, _training.StepsPerEpoch, epochLoss.Mean);
        }
        return epochLoss.Mean;
    }

    // Adds the gradient of the batch's summed loss to the parameters.
    private LossSum Accumulate(LabeledBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor loss = TensorLabels.Loss(_network.Forward(batch.Images), batch.Labels, nn.Reduction.Sum);
        loss.backward();
        return new LossSum(loss.ToDouble(), batch.CountedPixels);
    }

    // The gradients are of a sum over the pixels of the whole batch, whose number is known only now.
    private void Step(double pixels)
    {
        using var scope = NewDisposeScope();
        if (pixels > 0)
        {
            using (no_grad())
            {
                foreach ((_, Parameter parameter) in _network.Parameters)
                    parameter.grad?.div_(pixels);
            }
            foreach (var group in state.Optimizer.ParamGroups)
                group.LearningRate = _learningRate;
            state.Optimizer.step();
        }
        state.Optimizer.zero_grad();
    }

    private (double Loss, double MeanIoU) Validate(int epoch, double trainingLoss)
    {
        _network.Train(false);
        using var noGrad = no_grad();
        LossSum loss = default;
        var evaluator = new SegmentationEvaluator(data.ClassNames);
        int seen = 0;
        foreach (LabeledBatch made in _validation.Whole())
        {
            using LabeledBatch batch = made.To(device);
            using var scope = NewDisposeScope();
            options.CancellationToken.ThrowIfCancellationRequested();
            Tensor scores = _network.Forward(batch.Images);
            loss += new LossSum(TensorLabels.Loss(scores, batch.Labels, nn.Reduction.Sum).ToDouble(), batch.CountedPixels);
            evaluator.AddImages([.. batch.Labels.unbind().Select(TensorLabels.ToKeyValues)], TensorLabels.ToKeyValues(scores.argmax(1)));
            Report(TrainingPhase.Validating, epoch, seen += batch.Count, data.Validation.Rows.Count, trainingLoss);
        }
        if (loss.Pixels == 0)
            throw new ArgumentException("Every pixel of the validation rows is void.");
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
            phase, epoch, options.Epochs, step, stepCount, _learningRate, trainingLoss, validationLoss, validationIoU, isBest, Elapsed));
}
