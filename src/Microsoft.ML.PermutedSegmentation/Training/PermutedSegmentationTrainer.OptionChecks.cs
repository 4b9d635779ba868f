namespace Microsoft.ML.PermutedSegmentation;

public sealed partial class PermutedSegmentationTrainer
{
    // What is wrong with options is said before any data is read.
    public sealed partial class Options
    {
        private const int MostFrozen = 5;

        internal void Validate()
        {
            CheckColumnNames();
            if (CheckpointPath is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(CheckpointPath);
            if (NetworkLayout.FindProblem(Network, ChosenBackbone, OutputStride) is { } problem)
                throw new ArgumentOutOfRangeException(problem.Argument, problem.Message);
            if (InitialWeights is { } initial)
                CheckInitialWeights(initial);
            Check(nameof(FrozenStages), FrozenStages, FrozenStages is null or (>= 0 and <= MostFrozen), $"from 0 to {MostFrozen}, or null");
            if (FrozenStages > 0 && InitialWeights is null)
                throw new ArgumentException($"{nameof(FrozenStages)} is {FrozenStages}, but there are no {nameof(InitialWeights)} to keep; random weights have to learn.", nameof(FrozenStages));
            CheckSize();
            Check(nameof(Epochs), Epochs, Epochs is null or >= 1, "1 or more, or null");
            Check(nameof(Patience), Patience, Patience is null or >= 1, "1 or more, or null");
            ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(MicroBatchSize, 1);
            ArgumentOutOfRangeException.ThrowIfNegative(WarmupSteps);
            if (ImageHeight is { } height && ImageWidth is { } width)
                TrainingPlan.CheckBatch(this, height, width, BatchSize);
            ArgumentOutOfRangeException.ThrowIfNegative(ImageCacheMegabytes);
            Check(nameof(InputWorkers), InputWorkers, Data.InputWorkers.IsPossible(InputWorkers), $"{Data.InputWorkers.Possible}, or null");
            Check(nameof(Momentum), Momentum, Momentum is >= 0 and < 1, "from 0 to below 1");
            Check(nameof(Optimizer), Optimizer, Enum.IsDefined(Optimizer), $"one of {string.Join(", ", Enum.GetNames<SegmentationOptimizer>())}");
            Check(nameof(Scoring), Scoring, Enum.IsDefined(Scoring), $"one of {string.Join(", ", Enum.GetNames<ScoringMode>())}");
            Check(nameof(WeightAveraging), WeightAveraging, WeightAveraging is >= 0 and < 1, "from 0 to below 1");
            ArgumentNullException.ThrowIfNull(Loss);
            if (Loss.FindProblem() is { } wrong)
                throw new ArgumentOutOfRangeException(nameof(Loss), Loss, wrong);
            Check(nameof(WeightDecay), WeightDecay, WeightDecay >= 0 && double.IsFinite(WeightDecay), "0 or more");
            ArgumentNullException.ThrowIfNull(Augmentation);
            if (Augmentation.FindProblem() is { } unlikely)
                throw new ArgumentOutOfRangeException(nameof(Augmentation), Augmentation, unlikely);
            Check(nameof(ValidationFraction), ValidationFraction, ValidationFraction is > 0 and < 1, "between 0 and 1");
            Check(nameof(LearningRate), LearningRate, LearningRate > 0 && double.IsFinite(LearningRate), "positive and finite");
            Check(nameof(MinimumLearningRate), MinimumLearningRate, MinimumLearningRate >= 0 && MinimumLearningRate <= LearningRate, $"from 0 to {nameof(LearningRate)}, {LearningRate}");
            Check(nameof(RestartPeriod), RestartPeriod, RestartPeriod is null or >= 1, "1 or more, or null");
        }

        // A column that stands for two things would hide one of them: a predicted mask the true one, for example.
        private void CheckColumnNames()
        {
            var named = new Dictionary<string, string>();
            foreach ((string option, string column) in ((string, string)[])[
                (nameof(ImageColumnName), ImageColumnName), (nameof(LabelColumnName), LabelColumnName),
                (nameof(PredictedLabelColumnName), PredictedLabelColumnName), (nameof(ScoreColumnName), ScoreColumnName)])
            {
                ArgumentException.ThrowIfNullOrWhiteSpace(column, option);
                if (!named.TryAdd(column, option))
                    throw new ArgumentException($"{named[column]} and {option} are both '{column}'; four different columns are needed.", option);
            }
        }

        private void CheckInitialWeights(SegmentationWeights initial)
        {
            if (initial.IsLocked)
                throw new ArgumentException("The initial weights are those of a locked model; unlock it first with mlContext.Segmentation().Unlock(model, key).", nameof(InitialWeights));
            if (initial.Backbone != ChosenBackbone)
                throw new ArgumentException($"The initial weights are of {initial.Backbone}, but {nameof(Backbone)} is {ChosenBackbone}: choose the backbone {initial.Backbone}, or weights of {ChosenBackbone}.", nameof(InitialWeights));
        }

        private void CheckSize()
        {
            if (ImageHeight is null != ImageWidth is null)
                throw new ArgumentException($"Only one of {nameof(ImageHeight)} and {nameof(ImageWidth)} is given; give both or neither.", ImageHeight is null ? nameof(ImageHeight) : nameof(ImageWidth));
            CheckSide(nameof(ImageHeight), ImageHeight);
            CheckSide(nameof(ImageWidth), ImageWidth);
        }

        private void CheckSide(string name, int? value) =>
            Check(name, value, value is not { } side || ModelDescription.IsSide(side, OutputStride), ModelDescription.SideRule(OutputStride));

        private static void Check<T>(string name, T value, bool isRight, string right)
        {
            if (!isRight)
                throw new ArgumentOutOfRangeException(name, value, $"{name} must be {right}.");
        }
    }
}
