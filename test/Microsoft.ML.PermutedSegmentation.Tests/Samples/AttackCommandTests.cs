using System.Text.Json.Nodes;
using System.Xml.Linq;
using QuickStart;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The console app's <c>attack</c>.</summary>
public sealed class AttackCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_models_owner_learns_what_a_thief_can_make_of_it()
    {
        ShapesDataset.Create(_folder.At("data"), trainCount: 12, validationCount: 3, size: 32);
        Succeed("keygen", "--out", _folder.At("key.pem"));
        Succeed("keygen", "--out", _folder.At("other.pem"));
        Succeed("train", "--data", _folder.At("data"), "--train-list", "train", "--key", _folder.At("key.pem"), "--backbone", "resnet18",
            "--output-stride", "16", "--size", "32x32", "--epochs", "1", "--batch-size", "4", "--weight-decay", "0", "--out", _folder.At("model.zip"));
        string[] attack = ["attack", "--model", _folder.At("model.zip"), "--data", _folder.At("data"), "--attacker-list", "train", "--test-list", "val"];

        var (exitCode, printed) = Run([.. attack, "--key", _folder.At("key.pem"), "--methods", "NoKey,PartlyRightKey,fineTuneReaders", "--images", "2,12", "--steps", "2",
            "--seed", "1", "--json", _folder.At("attack.json"), "--plot", _folder.At("attack.svg")]);
        Assert.True(exitCode == 0, printed);
        Assert.Contains("FineTuneReaders", printed);
        JsonArray results = JsonNode.Parse(File.ReadAllText(_folder.At("attack.json")))!.AsArray();
        Assert.Equal(["NoKey", .. Enumerable.Repeat("PartlyRightKey", 7), "FineTuneReaders", "FineTuneReaders"], results.Select(result => $"{result!["method"]}"));
        Assert.Equal([2, 12], results.Skip(8).Select(result => (int)result!["labelledImages"]!));

        // One line of two dots and one in the legend, and behind it the levels of no key and of the right one, which share one where they are close.
        var picture = XDocument.Load(_folder.At("attack.svg"));
        XName Svg(string name) => XName.Get(name, "http://www.w3.org/2000/svg");
        Assert.Equal(3, picture.Descendants(Svg("ellipse")).Count());
        string texts = string.Join('|', picture.Descendants(Svg("text")).Select(text => text.Value));
        Assert.All(["no key", "right key", "readers trained"], name => Assert.Contains(name, texts));

        Fail("model.zip': This is not the key of the model", [.. attack, "--key", _folder.At("other.pem")]);
        Fail("Guessing", [.. attack, "--key", _folder.At("key.pem"), "--methods", "Guessing"]);
        Fail("--images", [.. attack, "--key", _folder.At("key.pem"), "--images", "0"]);
    }

    private static void Fail(string message, params string[] arguments)
    {
        var (exitCode, text) = Run(arguments);
        Assert.NotEqual(0, exitCode);
        Assert.Contains(message, text);
        Assert.DoesNotContain("   at ", text);
    }
}
