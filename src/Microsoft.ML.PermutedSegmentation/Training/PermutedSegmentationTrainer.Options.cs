namespace Microsoft.ML.PermutedSegmentation;

public sealed partial class PermutedSegmentationTrainer
{
    /// <summary>
    /// Everything that can be set about a training. The defaults are a recipe for some ten to some thousand images on a CPU, chosen by
    /// measurement (docs/training.md), with all feature maps permuted; <see cref="Paper"/> is the paper's.
    /// </summary>
    public sealed partial class Options
    {
        // Measured: docs/training.md.
        private const int UsuallyFrozen = 3;

        /// <summary>
        /// The paper's recipe (Sec. III-A), which is for a GPU: a ResNet-50 with output stride 8 at 256x256, 100 epochs of batches of 256 images,
        /// stochastic gradient descent with cosine annealing and warm restarts every 10 epochs, plain cross-entropy, and the epoch with the lowest
        /// validation loss.
        /// </summary>
        public static Options Paper() => new()
        {
            Backbone = PermutedSegmentation.Backbone.ResNet50,
            OutputStride = 8,
            ImageHeight = 256,
            ImageWidth = 256,
            Epochs = 100,
            BatchSize = 256,
            Optimizer = SegmentationOptimizer.Sgd,
            LearningRate = 0.1,
            MinimumLearningRate = 0.0001,
            WarmupSteps = 0,
            RestartPeriod = 10,
            WeightDecay = 0.005,
            WeightAveraging = 0,
            FrozenStages = 0,
            Loss = SegmentationLoss.PlainCrossEntropy,
            Augmentation = new Augmentation { MinimumCropArea = 0.75 },
        };

        /// <summary>Column of images, as <c>mlContext.Transforms.LoadImages</c> makes it.</summary>
        public string ImageColumnName { get; set; } = ColumnNames.Image;

        /// <summary>Column of masks, <c>Vector&lt;Key&lt;byte&gt;&gt;</c>, as <c>LoadMasks</c> makes it.</summary>
        public string LabelColumnName { get; set; } = ColumnNames.Label;

        /// <summary>Output column with the class of each pixel, <c>Vector&lt;Key&lt;byte&gt;, height, width&gt;</c>.</summary>
        public string PredictedLabelColumnName { get; set; } = ColumnNames.PredictedLabel;

        /// <summary>Output column with the class probabilities, <c>Vector&lt;Single, classes, height, width&gt;</c>; computed only on request.</summary>
        public string ScoreColumnName { get; set; } = ColumnNames.Score;

        /// <summary>
        /// The feature maps that the key permutes (Fig. 3, Table I). Keying all six costs nothing and protects best: the paper's
        /// best single map, the head's, falls to a few labelled images (docs/security.md). Ignored without a key.
        /// </summary>
        public FeatureMaps FeatureMaps { get; set; } = FeatureMaps.All;

        /// <summary>The kind of network: by default the paper's.</summary>
        public SegmentationNetwork Network { get; set; } = SegmentationNetwork.Fcn;

        /// <summary>Depth of the network; null for that of the <see cref="InitialWeights"/> or else the default of the <see cref="Network"/>: <see cref="PermutedSegmentation.Backbone.ResNet18"/>, and for <see cref="SegmentationNetwork.LrAspp"/> <see cref="PermutedSegmentation.Backbone.MobileNetV3Large"/>.</summary>
        public Backbone? Backbone { get; set; }

        /// <summary>
        /// Weights to start from (fine-tuning), of a model or from PyTorch; null to start from random weights. They and their batch norm statistics
        /// are copied when training starts, and are not changed. They must be for the same <see cref="Network"/> and <see cref="Backbone"/>, and not
        /// from a locked model; the <see cref="OutputStride"/> and image size may differ. With another number of classes the classifier's last layer
        /// starts from random weights, and with a backbone alone the whole classifier does.
        /// </summary>
        /// <remarks>
        /// Training changes weights only a little: anyone who has the model that a protected one started from can match the
        /// weights of the two, and find the permutations without the key. Start from weights that are not public if that
        /// matters.
        /// </remarks>
        public SegmentationWeights? InitialWeights { get; set; }

        /// <summary>
        /// How much of the backbone keeps its <see cref="InitialWeights"/>, from 0, all of it learns, to 5, only the head does: as many feature maps of
        /// the paper's Fig. 3 are those of the initial weights, the stem's being the first. Null for 3, as is best for few images, when there are
        /// initial weights, and for 0 without. Batch norm of these layers uses its stored statistics.
        /// </summary>
        public int? FrozenStages { get; set; }

        /// <summary>
        /// Pixels of the image per pixel of the backbone's last feature map, in each direction: 8, 16 or 32; for
        /// <see cref="PermutedSegmentation.Backbone.MobileNetV3Large"/> 16 or 32. A smaller stride is more accurate and slower.
        /// </summary>
        public int OutputStride { get; set; } = 16;

        /// <summary>
        /// Height that images and masks are resized to, in pixels; a multiple of the output stride. With null it is chosen, with the width, after the
        /// training images: about 50,000 pixels in their most usual shape, or as many as they have if these are fewer, rounded to multiples of 32.
        /// </summary>
        public int? ImageHeight { get; set; }

        /// <summary>Width that images and masks are resized to, in pixels; a multiple of the output stride. Null to choose it with the height.</summary>
        public int? ImageWidth { get; set; }

        /// <summary>
        /// How the model scores images of other sizes than its own, and so what it learns from: resized images, or, with
        /// <see cref="ScoringMode.SlidingWindow"/>, random parts of the network's size at full resolution, for photographs in which a resized object
        /// would be too small. Then <see cref="Augmentation.MinimumCropArea"/> is not used.
        /// </summary>
        public ScoringMode Scoring { get; set; }

        /// <summary>
        /// How often each image is seen. With null so often that the optimizer takes about 50 times the square root of the number of images steps: 61
        /// epochs for 60 images, 22 for 367, 9 for 2,000.
        /// </summary>
        public int? Epochs { get; set; }

        /// <summary>
        /// Ends the training when as many epochs have gone by without a lower validation loss; null to go on to the last. With a single cosine the
        /// best epochs are mostly among the last, so that it saves time at the price of accuracy.
        /// </summary>
        public int? Patience { get; set; }

        /// <summary>
        /// Images per step of the optimizer; all of them when there are fewer. At the end of an epoch, images that do not fill a batch are left out
        /// until the next epoch.
        /// </summary>
        public int BatchSize { get; set; } = 8;

        /// <summary>
        /// Images that go through the network together; gradients of a batch are summed over such parts. It limits memory,
        /// and batch normalisation sees this many images.
        /// </summary>
        public int MicroBatchSize { get; set; } = 16;

        /// <summary>How gradients become steps.</summary>
        public SegmentationOptimizer Optimizer { get; set; } = SegmentationOptimizer.AdamW;

        /// <summary>Learning rate at the start, after the <see cref="WarmupSteps"/>, and after each restart.</summary>
        public double LearningRate { get; set; } = 0.001;

        /// <summary>Learning rate that each period ends with.</summary>
        public double MinimumLearningRate { get; set; } = 0.00001;

        /// <summary>Steps over which the learning rate rises at the start; 0 to begin with all of it.</summary>
        public int WarmupSteps { get; set; } = 20;

        /// <summary>Epochs from one warm restart of the learning rate to the next; null for a single cosine over the whole training.</summary>
        public int? RestartPeriod { get; set; }

        /// <summary>Momentum of stochastic gradient descent and of AdamW's mean gradient (beta 1), from 0 to below 1.</summary>
        public double Momentum { get; set; } = 0.9;

        /// <summary>Weight decay, not negative: an L2 penalty in stochastic gradient descent, decoupled from the gradient in AdamW.</summary>
        public double WeightDecay { get; set; } = 0.01;

        /// <summary>
        /// Share of the averaged weights that each step leaves, from 0 to below 1; 0 for no average. Validation judges the average, and it becomes
        /// the model.
        /// </summary>
        public double WeightAveraging { get; set; } = 0.98;

        /// <summary>
        /// Whether convolutions are computed in bfloat16, and the feature maps between them kept in it: on a GPU faster and in half of the memory. Weights,
        /// optimizer, batch norm's statistics, scores and validation stay in 32 bits, and so does the model. Processors without AVX512_BF16 or AMX only
        /// imitate it, slowly.
        /// </summary>
        public bool MixedPrecision { get; set; }

        /// <summary>What the training makes small.</summary>
        public SegmentationLoss Loss { get; set; } = new();

        /// <summary>How images are varied each time that they are seen.</summary>
        public Augmentation Augmentation { get; set; } = new();

        /// <summary>Rows whose loss decides which epoch is kept; null to hold out <see cref="ValidationFraction"/> of the training rows.</summary>
        public IDataView? ValidationSet { get; set; }

        /// <summary>Share of the training rows that is held out when there is no <see cref="ValidationSet"/>; between 0 and 1.</summary>
        public double ValidationFraction { get; set; } = 0.1;

        /// <summary>Memory that decoded images may fill, in MiB. Images beyond it are decoded again in each epoch.</summary>
        public int ImageCacheMegabytes { get; set; } = 2048;

        /// <summary>
        /// How many threads decode, vary and resize images, 1 to 256; null for as many as the network leaves cores idle, at most 16. The model does not depend on it.
        /// </summary>
        public int? InputWorkers { get; set; }

        /// <summary>
        /// Processes that train the same model together, each with its share of the images of a batch (docs/distributed.md); null to train alone. Each
        /// needs the same options and the same data. Only rank 0 needs the key, and only it uses <see cref="CheckpointPath"/>.
        /// </summary>
        public IProcessGroup? ProcessGroup { get; set; }

        /// <summary>
        /// Whether batch normalisation takes the statistics of all images that the processes of a <see cref="ProcessGroup"/> have together, so that they
        /// learn what one process would. Otherwise each takes those of its own images, and need not wait for the others.
        /// </summary>
        public bool SynchronizeBatchNorm { get; set; } = true;

        /// <summary>Whether the model stores the key's fingerprint, which tells a wrong key from the right one.</summary>
        public bool StoreFingerprint { get; set; } = true;

        /// <summary>
        /// Whether the model's weights are encrypted and authenticated in its file (<see cref="ProtectionOptions.Seal"/>): what protects a model that
        /// started from public weights. Ignored without a key.
        /// </summary>
        public bool Seal { get; set; }

        /// <summary>
        /// File that keeps the state of the training after each epoch; null to keep nothing. If the file already exists, <c>Fit</c>
        /// continues from it: a training that was cancelled or killed at any moment, and is started again with the same options, data and
        /// key, ends with the same weights as without the interruption, bit for bit on the CPU.
        /// </summary>
        /// <remarks>
        /// <para>Each epoch's file replaces the previous one when it is complete. It is three to five times as large as a model. After the last
        /// epoch it stays, and <c>Fit</c> returns the finished model at once, or, where there is a <see cref="RestartPeriod"/>, continues if <see cref="Epochs"/> is larger now; delete the file
        /// to start over. If an option that the weights depend on, the seed of the <see cref="MLContext"/>, the data or the key differs from the
        /// file's, <c>Fit</c> fails and says which. Without a seed in the <see cref="MLContext"/> the file keeps the one that was drawn.</para>
        /// <para>In a training with a key, the file does not hold the key or a permutation. The weights and momenta that read permuted maps are in
        /// protected order, and everything is encrypted with AES-256 under a key derived from the key, so the file is useless without it. Only the
        /// names and shapes of the tensors, the model's salt and the key's fingerprint (even when <see cref="StoreFingerprint"/> is false) can be
        /// read. Without a key the file can be read by anyone, like that of an unprotected model.</para>
        /// </remarks>
        public string? CheckpointPath { get; set; }

        /// <summary>Told about each step.</summary>
        public IProgress<TrainingProgress>? Progress { get; set; }

        /// <summary>Ends the training with an <see cref="OperationCanceledException"/>; a <see cref="CheckpointPath"/> keeps the last complete epoch.</summary>
        public CancellationToken CancellationToken { get; set; }

        internal Backbone ChosenBackbone => Backbone ?? InitialWeights?.Backbone ?? NetworkLayout.DefaultBackboneOf(Network);

        // Readers that the hook has changed have to learn again.
        internal int ChosenFrozenStages => FrozenStages ?? (InitialWeights is null || InitialWeightsHook is not null ? 0 : UsuallyFrozen);

        internal ProtectionOptions Protection => new() { FeatureMaps = FeatureMaps, Seal = Seal, StoreFingerprint = StoreFingerprint };

        internal Options Copy() => (Options)MemberwiseClone();

        /// <summary>Changes the initial weights before the first step; only where a key permutes feature maps.</summary>
        internal InitialWeightsHook? InitialWeightsHook { get; set; }
    }
}
