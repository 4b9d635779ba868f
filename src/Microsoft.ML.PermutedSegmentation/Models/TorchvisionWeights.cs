using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// Which weights the tensors of a state dict of torchvision are: of an FCN (<c>fcn_resnet50</c>; backbone.*, classifier.*) or of a
/// residual network alone (<c>resnet50</c>), whose names lack the backbone's prefix.
/// </summary>
/// <param name="Backbone">The network, told by the names.</param>
/// <param name="ClassCount">The classes of the FCN; null for a residual network alone.</param>
/// <param name="Entries">The entries by their names in <see cref="FcnNetwork.State"/>, in the order of the file.</param>
internal sealed record TorchvisionWeights(Backbone Backbone, int? ClassCount, IReadOnlyList<(string Name, SafetensorsEntry Entry)> Entries)
{
    /// <summary>What wraps a network puts before the names of all its tensors: DataParallel, torch.compile, and usual names of its field.</summary>
    private static readonly string[] WrapperPrefixes = ["module.", "_orig_mod.", "model.", "ema."];

    private const string BackbonePrefix = "backbone.", ClassifierPrefix = "classifier.";
    private const string ClassifierWeight = "classifier.4.weight";
    private const int ListedNames = 8;

    /// <summary>Counts the batches of a training; only matters for a cumulative average, which no ResNet uses.</summary>
    private const string Counter = "num_batches_tracked";

    /// <summary>Counts the states that an <c>AveragedModel</c> has averaged.</summary>
    private const string AverageCounter = "n_averaged";

    /// <summary>Finds out what the entries of a file are.</summary>
    /// <exception cref="InvalidDataException">They are not the weights of one of the networks; the message lists how they differ from the most similar one.</exception>
    public static TorchvisionWeights Recognize(IReadOnlyList<SafetensorsEntry> entries)
    {
        List<(string Name, SafetensorsEntry Entry)> named = Unwrap(entries);
        bool isWhole = named.Any(item => HasPrefix(item.Name, BackbonePrefix) || HasPrefix(item.Name, ClassifierPrefix));
        // The auxiliary classifier is for training only, and what a ResNet classifies ImageNet with is replaced.
        string surplus = isWhole ? "aux_classifier." : "fc.";
        Dictionary<string, SafetensorsEntry> given = named
            .Where(item => !HasPrefix(item.Name, surplus) && !item.Name.EndsWith("." + Counter, StringComparison.Ordinal))
            .ToDictionary(item => isWhole ? item.Name : BackbonePrefix + item.Name, item => item.Entry);

        int? classCount = isWhole ? CountClasses(given.GetValueOrDefault(ClassifierWeight)) : null;
        (Backbone backbone, Dictionary<string, long[]> expected) = Enum.GetValues<Backbone>()
            .Select(candidate => (candidate, Describe(candidate, classCount)))
            .MinBy(candidate => candidate.Item2.Keys.Except(given.Keys).Count() + given.Keys.Except(candidate.Item2.Keys).Count());
        Check(backbone, expected, given, isWhole);
        return new TorchvisionWeights(backbone, classCount, [.. given.Select(entry => (entry.Key, entry.Value))]);
    }

    /// <summary>
    /// The tensors that torchvision expects in a file with these weights, under its names. The counters come first: their elements
    /// are the largest, so that all tensors lie at multiples of their elements' size.
    /// </summary>
    /// <param name="state">Weights by their names in <see cref="FcnNetwork.State"/>.</param>
    /// <param name="isWhole">Whether there is a classifier.</param>
    /// <param name="counter">What to write for a counter.</param>
    public static IReadOnlyList<(string Name, Tensor Value)> ToFile(IReadOnlyDictionary<string, Tensor> state, bool isWhole, Tensor counter)
    {
        const string mean = "running_mean";
        return
        [
            .. state.Keys.Where(name => name.EndsWith("." + mean, StringComparison.Ordinal)).Select(name => (FileName(name[..^mean.Length] + Counter, isWhole), counter)),
            .. state.Select(entry => (FileName(entry.Key, isWhole), entry.Value)),
        ];
    }

    // The names without the prefixes that wrappers have put before all of them.
    private static List<(string Name, SafetensorsEntry Entry)> Unwrap(IEnumerable<SafetensorsEntry> entries)
    {
        var named = entries.Select(entry => (entry.Name, Entry: entry)).ToList();
        while (true)
        {
            named.RemoveAll(item => item.Name == AverageCounter);
            if (named.Count == 0 || Array.Find(WrapperPrefixes, prefix => named.TrueForAll(item => HasPrefix(item.Name, prefix))) is not { } common)
                return named;
            named = named.ConvertAll(item => (item.Name[common.Length..], item.Entry));
        }
    }

    // Name and shape of all weights of a network, or of its backbone when there are no classes.
    private static Dictionary<string, long[]> Describe(Backbone backbone, int? classCount) =>
        // Weights have the same shapes at every output stride. Without classes, any number of them will do.
        FcnNetwork.DescribeState(FcnArchitecture.For(backbone, outputStride: 32, classCount ?? 2))
            .Where(entry => classCount is not null || entry.Name.StartsWith(BackbonePrefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Name, entry => entry.Shape);

    // A classifier that is missing or of a wrong shape is told with all else that is wrong.
    private static int CountClasses(SafetensorsEntry? classifier) => classifier?.Shape switch
    {
        [>= 2 and <= ClassPalette.MaximumClassCount and var count, ..] => (int)count,
        [var count, ..] => throw new InvalidDataException($"the tensor '{ClassifierWeight}' is for {count} classes; 2 to {ClassPalette.MaximumClassCount} are possible."),
        _ => ClassNameList.Voc.Count,
    };

    private static void Check(Backbone backbone, Dictionary<string, long[]> expected, Dictionary<string, SafetensorsEntry> given, bool isWhole)
    {
        string[] missing = [.. expected.Keys.Except(given.Keys).Select(name => $"'{FileName(name, isWhole)}'")];
        string[] unknown = [.. given.Keys.Except(expected.Keys).Select(name => $"'{given[name].Name}'")];
        string[] wrong =
        [
            .. from entry in given
               where expected.ContainsKey(entry.Key)
               let right = expected[entry.Key]
               where !entry.Value.Shape.SequenceEqual(right) || entry.Value.Type == ScalarType.Int64
               select $"'{entry.Value.Name}' ({Sizes(entry.Value.Shape)}{(entry.Value.Type == ScalarType.Int64 ? " whole numbers" : "")} instead of {Sizes(right)} floats)",
        ];
        if (missing.Length + unknown.Length + wrong.Length == 0)
            return;
        string network = isWhole ? $"an FCN with {backbone}" : $"a {backbone}";
        throw new InvalidDataException($"its tensors are not those of {network} of torchvision, which they resemble most."
            + CommonPrefix(given.Values) + List("missing", missing) + List("unknown", unknown) + List("of another shape or type", wrong));
    }

    // A prefix of another name than those that are passed over.
    private static string CommonPrefix(IReadOnlyCollection<SafetensorsEntry> entries)
    {
        string[] prefixes = [.. entries.Select(entry => entry.Name[..(entry.Name.IndexOf('.') + 1)]).Distinct().Take(2)];
        return prefixes is [{ Length: > 0 } common] && common != BackbonePrefix ? $" All names begin with '{common}', which torchvision's do not." : "";
    }

    private static string Sizes(long[] shape) => $"[{string.Join(", ", shape)}]";

    private static string List(string what, string[] names) => names.Length == 0
        ? ""
        : $" {names.Length} {what}: {string.Join(", ", names.Take(ListedNames))}{(names.Length > ListedNames ? " and more" : "")}.";

    private static bool HasPrefix(string name, string prefix) => name.StartsWith(prefix, StringComparison.Ordinal);

    private static string FileName(string name, bool isWhole) => isWhole ? name : name[BackbonePrefix.Length..];
}
