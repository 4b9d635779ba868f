using System.Text.Json.Nodes;
using Workbench;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.PermutedSegmentationTrainer;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The options of a training in files and on the command line.</summary>
public sealed class RecipeFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_written_is_read_whatever_the_preset()
    {
        var options = new Options
        {
            Network = SegmentationNetwork.LrAspp,
            FeatureMaps = FeatureMaps.Stem | FeatureMaps.Head,
            ImageHeight = 64,
            Epochs = null,
            LearningRate = 1.0 / 3,
            Loss = new SegmentationLoss { Dice = 0.1, ClassWeights = [1, 2.5] },
            Augmentation = new Augmentation { Rotation = 7, Mirror = false },
        };
        File.WriteAllText(_folder.At("run.json"), RecipeFile.Format(options));
        Options read = RecipeFile.Change(Options.Paper(), _folder.At("run.json"));
        read.Should().BeEquivalentTo(options);
        Assert.Null(read.Epochs);
        Assert.Equal(1.0 / 3, read.LearningRate);
    }

    [Fact]
    public void What_a_file_leaves_out_is_the_presets()
    {
        Options read = Changed(Options.Paper(), """
            {
                // Half as long.
                "epochs": 50,
                "LOSS": { "dice": 1 },
            }
            """);
        Options expected = Options.Paper();
        expected.Epochs = 50;
        expected.Loss = expected.Loss with { Dice = 1 };
        read.Should().BeEquivalentTo(expected);
    }

    [Theory]
    [InlineData("epochs=20", 20)]
    [InlineData("Epochs=null", null)]
    public void A_value_is_set(string assignment, int? epochs) => Assert.Equal(epochs, RecipeFile.Set(Options.Paper(), assignment).Epochs);

    [Fact]
    public void Values_of_groups_and_enumerations_are_set()
    {
        Options options = RecipeFile.Set(RecipeFile.Set(new Options(), "augmentation.hue=12.5"), "optimizer=Sgd");
        Assert.Equal(12.5, options.Augmentation.Hue);
        Assert.Equal(0.25, options.Augmentation.MinimumCropArea);
        Assert.Equal(SegmentationOptimizer.Sgd, options.Optimizer);
        Assert.Equal([1.0, 3.0], RecipeFile.Set(new Options(), "loss.classWeights=[1,3]").Loss.ClassWeights!);
    }

    [Theory]
    [InlineData("epoch=20", "'epoch', which is no option")]
    [InlineData("loss.dize=1", "'loss.dize', which is no option")]
    [InlineData("initialWeights=x", "'initialWeights', which is no option")]
    [InlineData("epochs=many", "epochs must be a whole number, or null")]
    [InlineData("epochs=2.5", "epochs must be a whole number, or null")]
    [InlineData("optimizer=Adam", "optimizer must be one of AdamW, Sgd")]
    [InlineData("optimizer=1", "optimizer must be one of AdamW, Sgd")]
    [InlineData("augmentation.mirror=perhaps", "augmentation.mirror must be true or false")]
    [InlineData("learningRate=null", "learningRate must be a number")]
    [InlineData("loss=1", "where there have to be names with values")]
    [InlineData("loss=null", "where there have to be names with values")]
    [InlineData("epochs", "NAME=VALUE")]
    [InlineData("=1", "NAME=VALUE")]
    public void What_is_no_option_is_named(string assignment, string message)
    {
        string said = Assert.Throws<InvalidDataException>(() => RecipeFile.Set(new Options(), assignment)).Message;
        Assert.StartsWith($"'{assignment}'", said);
        Assert.Contains(message, said);
    }

    [Theory]
    [InlineData("{ \"epochs\": 2 ", "this is no JSON")]
    [InlineData("{\n\"epochs\": 2,\n\"epochs\": 3 }", "this is no JSON")]
    [InlineData("", "this is no JSON")]
    [InlineData("[1]", "names with values")]
    [InlineData("null", "names with values")]
    [InlineData("{ \"classes\": 2 }", "'classes'")]
    public void A_file_with_something_else_is_named(string content, string message)
    {
        string said = Assert.Throws<InvalidDataException>(() => Changed(new Options(), content)).Message;
        Assert.Contains(_folder.At("run.json"), said);
        Assert.Contains(message, said);
    }

    [Fact]
    public void Nothing_but_what_belongs_to_no_recipe_is_left_out()
    {
        File.WriteAllText(_folder.At("run.json"), RecipeFile.Format(new Options()));
        JsonObject written = JsonNode.Parse(File.ReadAllText(_folder.At("run.json")))!.AsObject();
        IEnumerable<string> left = typeof(Options).GetProperties().Select(option => option.Name)
            .Where(name => !written.Any(entry => entry.Key.Equals(name, StringComparison.OrdinalIgnoreCase)));
        Assert.Equal(
            ["CancellationToken", "CheckpointPath", "ImageColumnName", "InitialWeights", "InputWorkers", "LabelColumnName", "PredictedLabelColumnName", "ProcessGroup", "Progress", "ScoreColumnName", "ValidationSet"],
            left.Order());
    }

    private Options Changed(Options options, string content)
    {
        File.WriteAllText(_folder.At("run.json"), content);
        return RecipeFile.Change(options, _folder.At("run.json"));
    }
}
