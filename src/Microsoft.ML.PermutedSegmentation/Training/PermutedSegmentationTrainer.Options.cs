namespace Microsoft.ML.PermutedSegmentation;

public sealed partial class PermutedSegmentationTrainer
{
    /// <summary>Everything that can be set about a training. The defaults are the paper's recipe (Sec. III-A).</summary>
    public sealed class Options
    {
        /// <summary>Column of images, as <c>mlContext.Transforms.LoadImages</c> makes it.</summary>
        public string ImageColumnName { get; set; } = "Image";

        /// <summary>Column of masks, <c>Vector&lt;Key&lt;byte&gt;&gt;</c>, as <c>LoadMasks</c> makes it.</summary>
        public string LabelColumnName { get; set; } = "Label";

        /// <summary>Output column with the class of each pixel, <c>Vector&lt;Key&lt;byte&gt;, height, width&gt;</c>.</summary>
        public string PredictedLabelColumnName { get; set; } = "PredictedLabel";

        /// <summary>Output column with the class probabilities, <c>Vector&lt;Single, classes, height, width&gt;</c>; computed only when asked for.</summary>
        public string ScoreColumnName { get; set; } = "Score";

        /// <summary>The feature maps that the key permutes (Fig. 3, Table I). The paper's best single one is the head's, map 6. Not used without a key.</summary>
        public FeatureMaps FeatureMaps { get; set; } = FeatureMaps.Head;

        /// <summary>Depth of the network.</summary>
        public Backbone Backbone { get; set; } = Backbone.ResNet50;

        /// <summary>How many times smaller the last feature map is than the image: 8, 16 or 32.</summary>
        public int OutputStride { get; set; } = 8;

        /// <summary>Height that images and masks are resized to, in pixels; a multiple of the output stride.</summary>
        public int ImageHeight { get; set; } = 256;

        /// <summary>Width that images and masks are resized to, in pixels; a multiple of the output stride.</summary>
        public int ImageWidth { get; set; } = 256;

        /// <summary>How often each image is seen.</summary>
        public int Epochs { get; set; } = 100;

        /// <summary>Images per step of the optimizer. At the end of an epoch, images that do not fill a batch are left for the next.</summary>
        public int BatchSize { get; set; } = 256;

        /// <summary>
        /// Images that go through the network together; gradients of a batch are summed over such parts. It bounds memory,
        /// and batch normalisation sees this many images.
        /// </summary>
        public int MicroBatchSize { get; set; } = 16;

        /// <summary>Learning rate at the start and after each restart.</summary>
        public double LearningRate { get; set; } = 0.1;

        /// <summary>Learning rate that each period ends with.</summary>
        public double MinimumLearningRate { get; set; } = 0.0001;

        /// <summary>Epochs from one warm restart of the learning rate to the next.</summary>
        public int RestartPeriod { get; set; } = 10;

        /// <summary>Momentum of stochastic gradient descent, from 0 to below 1.</summary>
        public double Momentum { get; set; } = 0.9;

        /// <summary>Weight decay (L2 penalty); not negative.</summary>
        public double WeightDecay { get; set; } = 0.005;

        /// <summary>Least share of an image's area that the random resized crop covers, in (0, 1]; 1 turns it off but for its flip.</summary>
        public double MinimumCropArea { get; set; } = 0.75;

        /// <summary>Rows whose loss decides which epoch is kept; null to hold out <see cref="ValidationFraction"/> of the training rows.</summary>
        public IDataView? ValidationSet { get; set; }

        /// <summary>Share of the training rows held out when there is no <see cref="ValidationSet"/>; between 0 and 1.</summary>
        public double ValidationFraction { get; set; } = 0.1;

        /// <summary>Memory that decoded images may fill, in MiB. Images beyond it are decoded again in each epoch.</summary>
        public int ImageCacheMegabytes { get; set; } = 2048;

        /// <summary>Whether the model stores the key's fingerprint, which tells a wrong key from the right one.</summary>
        public bool StoreFingerprint { get; set; } = true;

        /// <summary>Told about each step.</summary>
        public IProgress<TrainingProgress>? Progress { get; set; }

        /// <summary>Ends the training with an <see cref="OperationCanceledException"/>.</summary>
        public CancellationToken CancellationToken { get; set; }

        internal void Validate()
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(ImageColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(LabelColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(PredictedLabelColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(ScoreColumnName);
            if (!Enum.IsDefined(Backbone))
                throw new ArgumentOutOfRangeException(nameof(Backbone), Backbone, "Not a backbone.");
            if (OutputStride is not (8 or 16 or 32))
                throw new ArgumentOutOfRangeException(nameof(OutputStride), OutputStride, "The output stride must be 8, 16 or 32.");
            CheckSize(nameof(ImageHeight), ImageHeight);
            CheckSize(nameof(ImageWidth), ImageWidth);
            ArgumentOutOfRangeException.ThrowIfLessThan(Epochs, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(MicroBatchSize, 1);
            ArgumentOutOfRangeException.ThrowIfNegative(ImageCacheMegabytes);
            Check(nameof(Momentum), Momentum, Momentum is >= 0 and < 1, "from 0 to below 1");
            Check(nameof(WeightDecay), WeightDecay, WeightDecay >= 0 && double.IsFinite(WeightDecay), "0 or more");
            Check(nameof(MinimumCropArea), MinimumCropArea, MinimumCropArea is > 0 and <= 1, "above 0 and at most 1");
            Check(nameof(ValidationFraction), ValidationFraction, ValidationFraction is > 0 and < 1, "between 0 and 1");
            _ = Schedule;
        }

        internal CosineAnnealingWithWarmRestarts Schedule => new(LearningRate, MinimumLearningRate, RestartPeriod);

        private void CheckSize(string name, int value)
            => Check(name, value, value > 0 && value % OutputStride == 0, $"a positive multiple of the output stride, {OutputStride}");

        private static void Check<T>(string name, T value, bool isRight, string right)
        {
            if (!isRight)
                throw new ArgumentOutOfRangeException(name, value, $"{name} must be {right}.");
        }
    }
}
