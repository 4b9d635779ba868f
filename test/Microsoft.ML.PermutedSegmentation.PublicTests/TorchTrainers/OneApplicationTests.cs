using Microsoft.ML.Data;
using Microsoft.ML.TorchSharp;
using Microsoft.ML.TorchSharp.NasBert;
using static TorchSharp.torch;

namespace PublicTests.TorchTrainers;

/// <summary>ML.NET's own torch trainers (the package Microsoft.ML.TorchSharp) and ours in one process, on one TorchSharp and one libtorch.</summary>
public sealed class OneApplicationTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext;
    private readonly PermutationKey _key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(3 * i))]);

    // ML.NET looks into the folder for pretrained weights before it downloads them.
    public OneApplicationTests() => _mlContext = new MLContext(seed: 1) { GpuDeviceId = -1, FallbackToCpu = true, TempFilePath = _folder.Root };

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    // Microsoft.ML.TorchSharp 0.23.1 is built for TorchSharp 0.102, and ours is 0.107: a method that the detector calls has other
    // parameters now. A build for this TorchSharp mends it.
    [Fact]
    public void The_object_detector_fails_in_its_first_step_with_a_managed_exception_and_leaves_a_segmenter_alone()
    {
        using PermutedSegmentationTransformer before = TrainOurs();
        float[][] expected = ScoresOf(before);

        RandomWeights.ForObjectDetection(_folder);
        var detection = _mlContext.Transforms.Conversion.MapValueToKey("Label").Append(_mlContext.MulticlassClassification.Trainers.ObjectDetection(maxEpoch: 1));
        detection.Invoking(estimator => estimator.Fit(DetectionRow.View(_mlContext, 2))).Should().Throw<MissingMethodException>().WithMessage("*interpolate*");

        Assert.Equal(expected, ScoresOf(before));
        // The same seed gives the same weights, whatever else was tried in between.
        using PermutedSegmentationTransformer after = TrainOurs();
        Assert.Equal(expected, ScoresOf(after));
    }

    // ML.NET disposes what initialisers return: another object for the same tensor in TorchSharp 0.102, the parameter itself in 0.107.
    [Fact]
    public void Networks_for_sentences_fail_with_a_managed_exception_and_leave_a_segmenter_alone()
    {
        using PermutedSegmentationTransformer ours = TrainOurs();
        float[][] expected = ScoresOf(ours);
        using (Tensor parameter = ones(3))
            nn.init.zeros_(parameter).Should().BeSameAs(parameter);

        RandomWeights.ForSentences(_folder, "ModelForPrediction", "NasBert2000000.tsm", new TextClassificationTrainer.TextClassificationOptions());
        var classification = _mlContext.Transforms.Conversion.MapValueToKey("Label", "Class")
            .Append(_mlContext.MulticlassClassification.Trainers.TextClassification(maxEpochs: 1));
        classification.Invoking(estimator => estimator.Fit(SentenceRow.View(_mlContext))).Should().Throw<InvalidOperationException>().WithMessage("*empty handle*");

        RandomWeights.ForSentences(_folder, "NerModel", "pretrained_NasBert_14M_encoder.tsm", new NerTrainer.NerOptions());
        var entities = _mlContext.Transforms.Conversion.MapValueToKey("Label", "Entities")
            .Append(_mlContext.MulticlassClassification.Trainers.NamedEntityRecognition(sentence1ColumnName: "Sentence1", maxEpochs: 1));
        entities.Invoking(estimator => estimator.Fit(SentenceRow.View(_mlContext))).Should().Throw<InvalidOperationException>().WithMessage("*empty handle*");

        using (var questions = RandomWeights.CreateForQuestions())
        using (Tensor tokens = tensor(new[] { 0, 5, 2, 6, 2 }, 1, 5))
            questions.Invoking(network => network.call(tokens, null!)).Should().Throw<InvalidOperationException>().WithMessage("*empty handle*");
        Assert.Equal(expected, ScoresOf(ours));
    }

    [Fact]
    public void A_process_has_one_TorchSharp_and_one_libtorch()
    {
        using (PermutedSegmentationTransformer ours = TrainOurs())
            ScoresOf(ours).Should().NotBeEmpty();
        using (nn.Module theirs = RandomWeights.CreateObjectDetector(classes: 3))
            theirs.parameters().Should().NotBeEmpty();

        TorchProcess.Assemblies("TorchSharp").Should().ContainSingle();
        TorchProcess.Assemblies("Microsoft.ML.TorchSharp").Should().ContainSingle();
        TorchProcess.Assemblies("Microsoft.ML.Core").Should().ContainSingle();
        if (OperatingSystem.IsLinux())
        {
            TorchProcess.NativeLibraries("LibTorchSharp").Should().ContainSingle();
            TorchProcess.NativeLibraries("libtorch_cpu").Should().ContainSingle();
        }
    }

    private PermutedSegmentationTransformer TrainOurs() =>
        new MLContext(seed: 5) { GpuDeviceId = -1 }.Segmentation().Trainers.Permuted(_key, ColorPatches.Options(epochs: 1)).Fit(ColorPatches.View(_mlContext, 16));

    private float[][] ScoresOf(ITransformer model) => [.. model.Transform(ColorPatches.View(_mlContext, 3)).GetColumn<float[]>("Score")];
}
