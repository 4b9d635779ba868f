using System.Reflection;
using System.Text.Json.Nodes;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.PermutedSegmentationTrainer;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TrainingSettingsTests
{
    public static TheoryData<string> AllOptions => [.. typeof(Options).GetProperties().Select(property => property.Name)];

    // A new option that is forgotten would let a training go on with another value of it, and end with other weights than without a break.
    [Theory]
    [MemberData(nameof(AllOptions))]
    public void Every_option_is_compared_or_named_as_one_that_does_not_matter(string name)
    {
        PropertyInfo option = typeof(Options).GetProperty(name)!;
        Options options = new(), other = new();
        option.SetValue(other, Another(option, options));
        bool isCompared = CheckpointDescription.Differences(Settings(options), Settings(other)).Length > 0;
        Assert.NotEqual(isCompared, TrainingSettings.WithoutEffect.Contains(name));
        Assert.Empty(CheckpointDescription.Differences(Settings(options), Settings(new Options())));
    }

    [Fact]
    public void What_differs_is_told_and_what_a_stranger_has_added_is_not_quoted()
    {
        JsonObject here = Settings(new Options()), there = Settings(new Options());
        (there["BatchSize"], there["Backbone"]) = (9, null);
        there["\u001b[1m"] = 1;
        string told = CheckpointDescription.Differences(there, here);
        Assert.Contains("BatchSize is 9 there and 8 here", told);
        Assert.Contains("Backbone is none there and ResNet18 here", told);
        Assert.Contains("1 of its options is unknown", told);
        Assert.DoesNotContain(told, char.IsControl);
    }

    [Fact]
    public void Another_network_is_told_also_of_a_checkpoint_from_before_there_were_several()
    {
        JsonObject fcn = Settings(new Options()), deepLab = Settings(new Options { Network = SegmentationNetwork.DeepLabV3 });
        Assert.Equal("Network is DeepLabV3 there and Fcn here", CheckpointDescription.Differences(TrainingSettings.Complete(deepLab), fcn));
        JsonObject old = fcn.DeepClone().AsObject();
        old.Remove("Network");
        Assert.Empty(CheckpointDescription.Differences(TrainingSettings.Complete(old), fcn));
        Assert.Equal("Network is Fcn there and DeepLabV3 here", CheckpointDescription.Differences(TrainingSettings.Complete(old), deepLab));
    }

    private static JsonObject Settings(Options options) => TrainingSettings.Of(options, hasKey: true, imageStep: null);

    private static object? Another(PropertyInfo option, Options options) => option.GetValue(options) switch
    {
        int value => value + 8,
        double value => value / 2,
        bool value => !value,
        string value => value + "2",
        FeatureMaps => FeatureMaps.Head,
        Enum value => Enum.ToObject(value.GetType(), 1 + Convert.ToInt32(value)),
        CancellationToken => new CancellationToken(canceled: true),
        Augmentation value => value with { Blur = 1 },
        SegmentationLoss value => value with { Dice = 1 },
        null when option.PropertyType == typeof(Backbone?) => Backbone.ResNet50,
        null when option.PropertyType == typeof(int?) => 16,
        null when option.PropertyType == typeof(string) => "path",
        null when option.PropertyType == typeof(SegmentationWeights) => Weights(),
        null when option.PropertyType == typeof(IDataView) => new MLContext().Data.LoadFromEnumerable<PatchRow>([]),
        null when option.PropertyType == typeof(IProgress<TrainingProgress>) => new Progress<TrainingProgress>(),
        null when option.PropertyType == typeof(IProcessGroup) => InProcessGroup.Create(2)[1],
        var value => throw new NotSupportedException($"Another value than {value} of {option.Name} is needed here."),
    };

    private static SegmentationWeights Weights()
    {
        using MemoryStream file = OldFiles.Read("unprotected.zip");
        using var model = (PermutedSegmentationTransformer)CpuContext.Create().Model.Load(file, out _);
        return SegmentationWeights.Of(model);
    }
}
