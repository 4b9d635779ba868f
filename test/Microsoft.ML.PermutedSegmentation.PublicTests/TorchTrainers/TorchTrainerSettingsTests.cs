using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.TorchSharp;
using Microsoft.ML.TorchSharp.AutoFormerV2;
using TorchSharp;

namespace PublicTests.TorchTrainers;

/// <summary>What ML.NET's torch trainers and ours make of the same context: columns, devices, missing files.</summary>
public sealed class TorchTrainerSettingsTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [Fact]
    public void All_of_MLNets_torch_trainers_are_made_and_asked_for_their_columns()
    {
        var trainers = _mlContext.MulticlassClassification.Trainers;
        IDataView sentences = SentenceRow.View(_mlContext);
        var keys = _mlContext.Transforms.Conversion;
        OutputColumns(keys.MapValueToKey("Label").Append(trainers.ObjectDetection()), DetectionRow.View(_mlContext, 1))
            .Should().Contain(["PredictedLabel", "PredictedBoundingBoxes", "Score"]);
        OutputColumns(keys.MapValueToKey("Label", "Class").Append(trainers.TextClassification()), sentences).Should().Contain(["PredictedLabel", "Score"]);
        OutputColumns(keys.MapValueToKey("Label", "Entities").Append(trainers.NamedEntityRecognition(sentence1ColumnName: "Sentence1")), sentences).Should().Contain("PredictedLabel");
        OutputColumns(_mlContext.Regression.Trainers.SentenceSimilarity("Similarity"), sentences).Should().Contain("Score");
        OutputColumns(trainers.QuestionAnswer("Sentence1", "Question", "Answer"), sentences).Should().Contain(["Answer", "Score"]);
    }

    [Fact]
    public void Our_columns_go_through_their_estimators()
    {
        using var key = PermutationKey.FromBytes(new byte[32]);
        var chain = _mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(_mlContext.MulticlassClassification.Trainers.ObjectDetection(predictedLabelColumnName: "Object", scoreColumnName: "Confidence"))
            .Append(_mlContext.Transforms.CopyColumns("Boxes", "PredictedBoundingBoxes"));
        OutputColumns(chain, DetectionRow.View(_mlContext, 1)).Should().Contain(["Image", "Object", "Confidence", "Boxes"]);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(0, true)]
    [InlineData(0, false)] // where there is no GPU, both refuse
    public void Both_choose_the_same_device(int? gpu, bool fallback)
    {
        var mlContext = new MLContext { GpuDeviceId = gpu, FallbackToCpu = fallback };
        if (gpu is null && torch.cuda.is_available())
            Chosen(Theirs, mlContext).Should().Be(DeviceType.CPU, "ML.NET's trainers use a GPU only where GpuDeviceId names one; ours take the first");
        else
            Chosen(Ours, mlContext).Should().Be(Chosen(Theirs, mlContext));
    }

    // With another address than Microsoft's, ML.NET does not try at all: the test needs no network, and never waits for one.
    [Fact]
    public void Without_pretrained_weights_their_fit_fails_with_MLNets_message()
    {
        using var folder = new TempFolder();
        const string Variable = "MICROSOFTML_RESOURCE_URL";
        string? before = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, "https://localhost/");
        try
        {
            var mlContext = new MLContext(seed: 1) { TempFilePath = folder.Root };
            var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label").Append(mlContext.MulticlassClassification.Trainers.ObjectDetection(maxEpoch: 1));
            pipeline.Invoking(estimator => estimator.Fit(DetectionRow.View(mlContext, 1))).Should().Throw<Exception>()
                .Which.GetBaseException().Message.Should().Contain("aka.ms");
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }
    }

    // Neither is public; both are what Fit asks.
    private static Func<MLContext, torch.Device> Ours => Chooser(typeof(PermutedSegmentationTrainer), "ComputeDevice", "Choose");

    private static Func<MLContext, torch.Device> Theirs => Chooser(typeof(ObjectDetectionTrainer), "TorchUtils", "InitializeDevice");

    private static Func<MLContext, torch.Device> Chooser(Type beside, string type, string method)
    {
        MethodInfo choose = beside.Assembly.GetTypes().Single(candidate => candidate.Name == type)
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Single(candidate => candidate.Name == method && candidate.GetParameters().Length == 1);
        return mlContext => (torch.Device)choose.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [mlContext], null)!;
    }

    private static DeviceType Chosen(Func<MLContext, torch.Device> choose, MLContext mlContext)
    {
        try
        {
            return choose(mlContext).type;
        }
        catch (Exception)
        {
            return DeviceType.META; // neither: no device was chosen
        }
    }

    private static IEnumerable<string> OutputColumns<T>(IEstimator<T> estimator, IDataView data)
        where T : class, ITransformer =>
        estimator.GetOutputSchema(SchemaShapes.Of(data.Schema)).Select(column => column.Name);
}
