namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// Which weights the tensors of a state dict of torchvision are: of a whole network (<c>fcn_resnet50</c>; backbone.*, classifier.*), or of a
/// backbone that classified images (<c>resnet50</c>, <c>mobilenet_v3_large</c>), whose names have another prefix.
/// </summary>
/// <param name="Network">The network, told by the names; null for a backbone alone.</param>
/// <param name="Backbone">The backbone, told by the names.</param>
/// <param name="ClassCount">The classes of the network; null for a backbone alone.</param>
/// <param name="Entries">The entries, and what of the network they are, in the order of the file.</param>
internal sealed record TorchvisionWeights(
    SegmentationNetwork? Network, Backbone Backbone, int? ClassCount, IReadOnlyList<(NetworkParameter Parameter, TensorEntry Entry)> Entries)
{
    /// <summary>
    /// What wraps a network puts before the names of all its tensors: DataParallel, torch.compile, and usual names of its field. Only of a backbone
    /// alone do all names begin with the last.
    /// </summary>
    private static readonly string[] WrapperPrefixes = ["module.", "_orig_mod.", "model.", "ema.", BackbonePrefix];

    private const string BackbonePrefix = "backbone.", ClassifierPrefix = "classifier.", MobileNetPrefix = "features.";
    private const int ListedNames = 8;

    /// <summary>Counts the batches of a training; only matters for a cumulative average, which none of the networks uses.</summary>
    private const string Counter = "num_batches_tracked";

    /// <summary>Counts the states that an <c>AveragedModel</c> has averaged.</summary>
    private const string AverageCounter = "n_averaged";

    /// <summary>Finds out what the entries of a file are.</summary>
    /// <exception cref="InvalidDataException">They are not the weights of one of the networks; the message lists how they differ from the most similar one.</exception>
    public static TorchvisionWeights Recognize(IReadOnlyList<TensorEntry> entries)
    {
        List<(string Name, TensorEntry Entry)> named = Unwrap(entries);
        named.RemoveAll(item => item.Name.EndsWith("." + Counter, StringComparison.Ordinal));
        bool isWhole = named.Any(item => HasPrefix(item.Name, BackbonePrefix))
            || (named.Any(item => HasPrefix(item.Name, ClassifierPrefix)) && !named.Any(item => HasPrefix(item.Name, MobileNetPrefix)));
        Candidate best = (isWhole ? Networks() : Backbones())
            .Select(known => new Candidate(known.Network, known.Backbone, named))
            .MinBy(candidate => candidate.Distance)!;
        best.Check();
        return new TorchvisionWeights(best.Network, best.Backbone, best.ClassCount, [.. best.Given.Select(entry => (best.Expected[entry.Key], entry.Value))]);
    }

    /// <summary>
    /// The tensors that torchvision expects in a file with these weights, under its names. The counters come first: their elements
    /// are the largest, so that all tensors lie at multiples of their elements' size.
    /// </summary>
    /// <param name="names">The names of weights in <see cref="TorchNetwork.State"/>.</param>
    /// <param name="isWhole">Whether there is a classifier.</param>
    /// <param name="backbone">The backbone.</param>
    /// <returns>Each tensor's name in the file, and which weight it is; null for a counter, a whole number without dimensions.</returns>
    public static IReadOnlyList<(string FileName, string? Name)> ToFile(IReadOnlyCollection<string> names, bool isWhole, Backbone backbone)
    {
        const string mean = "running_mean";
        return
        [
            .. names.Where(name => name.EndsWith("." + mean, StringComparison.Ordinal)).Select(name => (FileName(name[..^mean.Length] + Counter, isWhole, backbone), (string?)null)),
            .. names.Select(name => (FileName(name, isWhole, backbone), name)),
        ];
    }

    /// <summary>What a backbone alone consists of, by name.</summary>
    public static Dictionary<string, NetworkParameter> ParametersOf(Backbone backbone) =>
        ParametersOf(NetworkLayout.For(NetworkWith(backbone), backbone, outputStride: 32, ClassNameList.Voc.Count), isWhole: false);

    private static Dictionary<string, NetworkParameter> ParametersOf(NetworkLayout layout, bool isWhole)
    {
        int head = layout.Find(FeatureMaps.Stage4).Index;
        return layout.Parameters.Where(parameter => isWhole || parameter.Layer.Index < head).ToDictionary(parameter => parameter.Name);
    }

    // A network that has the backbone.
    private static SegmentationNetwork NetworkWith(Backbone backbone) =>
        backbone == Backbone.MobileNetV3Large ? SegmentationNetwork.LrAspp : SegmentationNetwork.Fcn;

    private static IEnumerable<(SegmentationNetwork? Network, Backbone Backbone)> Networks() =>
        from network in Enum.GetValues<SegmentationNetwork>()
        from backbone in Enum.GetValues<Backbone>()
        where NetworkLayout.FindProblem(network, backbone, NetworkLayout.DefaultOutputStrideOf(backbone)) is null
        select ((SegmentationNetwork?)network, backbone);

    private static IEnumerable<(SegmentationNetwork? Network, Backbone Backbone)> Backbones() =>
        Enum.GetValues<Backbone>().Select(backbone => ((SegmentationNetwork?)null, backbone));

    // The names without the prefixes that wrappers have put before all of them.
    private static List<(string Name, TensorEntry Entry)> Unwrap(IEnumerable<TensorEntry> entries)
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

    private static bool HasPrefix(string name, string prefix) => name.StartsWith(prefix, StringComparison.Ordinal);

    private static string PrefixOf(Backbone backbone) => backbone == Backbone.MobileNetV3Large ? MobileNetPrefix : "";

    private static string FileName(string name, bool isWhole, Backbone backbone) => isWhole ? name : PrefixOf(backbone) + name[BackbonePrefix.Length..];

    /// <summary>The entries of a file taken for those of one network.</summary>
    private sealed class Candidate
    {
        private readonly TensorEntry? _classifier;

        // What stands before the names in the file in place of BackbonePrefix.
        private readonly string _prefix;

        public Candidate(SegmentationNetwork? network, Backbone backbone, IReadOnlyList<(string Name, TensorEntry Entry)> named)
        {
            (Network, Backbone) = (network, backbone);
            // Taken out of a segmentation network, a backbone does not have its own prefix, either.
            _prefix = named.Any(item => HasPrefix(item.Name, PrefixOf(backbone))) ? PrefixOf(backbone) : "";
            // The auxiliary classifier is for training only, and what a backbone classifies ImageNet with is replaced.
            string surplus = IsWhole ? "aux_classifier." : backbone == Backbone.MobileNetV3Large ? ClassifierPrefix : "fc.";
            Given = named.Where(item => !HasPrefix(item.Name, surplus)).ToDictionary(item => StateName(item.Name), item => item.Entry);
            // Weights have the same shapes at every output stride. Without classes, any number of them will do.
            NetworkLayout Layout(int classCount) => NetworkLayout.For(network ?? NetworkWith(backbone), backbone, outputStride: 32, classCount);
            NetworkLayout layout = Layout(ClassNameList.Voc.Count);
            if (IsWhole)
            {
                TensorEntry? classifier = layout.Convolutions.Where(layer => layer.IsClassifier)
                    .Select(layer => Given.GetValueOrDefault($"{layer.Name}.weight")).FirstOrDefault(entry => entry?.Shape.Length > 0);
                (ClassCount, _classifier) = (classifier is null ? ClassNameList.Voc.Count : (int)Math.Clamp(classifier.Shape[0], 0, int.MaxValue), classifier);
                if (HasPossibleClasses)
                    layout = Layout(ClassCount.Value);
            }
            Expected = ParametersOf(layout, IsWhole);
            Distance = Expected.Keys.Except(Given.Keys).Count() + Given.Keys.Except(Expected.Keys).Count()
                + Given.Count(entry => Expected.TryGetValue(entry.Key, out NetworkParameter? parameter) && parameter.Shape.Count != entry.Value.Shape.Length);
        }

        public SegmentationNetwork? Network { get; }

        public Backbone Backbone { get; }

        public int? ClassCount { get; }

        /// <summary>What the network consists of, by name.</summary>
        public Dictionary<string, NetworkParameter> Expected { get; }

        /// <summary>The entries by their names in a network's state.</summary>
        public Dictionary<string, TensorEntry> Given { get; }

        /// <summary>How many names and kinds of shape are not as they would be.</summary>
        public int Distance { get; }

        private bool IsWhole => Network is not null;

        private bool HasPossibleClasses => ClassCount is >= 2 and <= ClassPalette.MaximumClassCount;

        /// <exception cref="InvalidDataException">The entries are not those of this network.</exception>
        public void Check()
        {
            // A classifier that is missing or of a wrong shape is told with all else that is wrong.
            if (_classifier is not null && !HasPossibleClasses)
                throw new InvalidDataException($"the tensor '{_classifier.Name}' is for {ClassCount} classes; 2 to {ClassPalette.MaximumClassCount} are possible.");
            string[] missing = [.. Expected.Keys.Except(Given.Keys).Select(name => $"'{FileName(name, IsWhole, Backbone)}'")];
            string[] unknown = [.. Given.Keys.Except(Expected.Keys).Select(name => $"'{Given[name].Name}'")];
            string[] wrong =
            [
                .. from entry in Given
                   where Expected.ContainsKey(entry.Key)
                   let right = Expected[entry.Key].Shape
                   where !entry.Value.Shape.SequenceEqual(right) || !entry.Value.Type.IsFloat()
                   select $"'{entry.Value.Name}' ({Sizes(entry.Value.Shape)}{(entry.Value.Type.IsFloat() ? "" : " whole numbers")} instead of {Sizes(right)} floats)",
            ];
            if (missing.Length + unknown.Length + wrong.Length == 0)
                return;
            string what = Network switch
            {
                null => $"a {Backbone}",
                SegmentationNetwork.Fcn => $"an FCN with {Backbone}",
                _ => $"a {Network} with {Backbone}",
            };
            throw new InvalidDataException($"its tensors are not those of {what} of torchvision, which they resemble most."
                + CommonPrefix() + List("missing", missing) + List("unknown", unknown) + List("of another shape or type", wrong));
        }

        // A prefix of another name than those that are passed over.
        private string CommonPrefix()
        {
            string[] prefixes = [.. Given.Values.Select(entry => entry.Name[..(entry.Name.IndexOf('.') + 1)]).Distinct().Take(2)];
            return prefixes is [{ Length: > 0 } common] && common != BackbonePrefix && common != PrefixOf(Backbone)
                ? $" All names begin with '{common}', which torchvision's do not."
                : "";
        }

        private string StateName(string fileName) =>
            IsWhole || !HasPrefix(fileName, _prefix) ? fileName : BackbonePrefix + fileName[_prefix.Length..];

        private static string Sizes(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";

        private static string List(string what, string[] names) => names.Length == 0
            ? ""
            : $" {names.Length} {what}: {string.Join(", ", names.Take(ListedNames))}{(names.Length > ListedNames ? " and more" : "")}.";
    }
}
