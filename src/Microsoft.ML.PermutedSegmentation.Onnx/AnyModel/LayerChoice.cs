namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>Which layers of a file a key permutes: all that can be, those with certain names, or those that its metadata names.</summary>
internal static class LayerChoice
{
    private const int MostNamesInMessage = 20;

    /// <summary>The tensors that a key can permute, and where their channels are.</summary>
    public static IReadOnlyDictionary<StoredTensor, ChannelAxis> All(OnnxDocument document)
    {
        IReadOnlyDictionary<StoredTensor, ChannelAxis> all = KeyedLayers.Find(document.Scopes);
        // A name that does not tell its tensor from others cannot stand in the metadata.
        ILookup<string, StoredTensor> byName = all.Keys.ToLookup(tensor => tensor.Id);
        var counts = new Dictionary<string, int>();
        foreach (string name in document.Tensors.Select(tensor => tensor.Id).Where(byName.Contains))
            counts[name] = counts.GetValueOrDefault(name) + 1;
        return all.Where(layer => counts[layer.Key.Id] == 1).ToDictionary();
    }

    /// <summary>Those of them that are to be permuted.</summary>
    /// <param name="document">The file.</param>
    /// <param name="names">Their names; null for all that can be.</param>
    /// <exception cref="ArgumentException">One of them cannot be.</exception>
    /// <exception cref="InvalidOperationException">None can be.</exception>
    public static IReadOnlyDictionary<StoredTensor, ChannelAxis> Of(OnnxDocument document, IReadOnlyCollection<string>? names)
    {
        IReadOnlyDictionary<StoredTensor, ChannelAxis> all = All(document);
        if (all.Count == 0)
            throw new InvalidOperationException("The model has no layer whose input channels a key could permute. It can be sealed.");
        if (names is null)
            return all;
        if (names.Count == 0)
            throw new ArgumentException("OnnxProtectionOptions.Layers is empty: nothing would be protected. Leave it null to permute all layers.");
        HashSet<string> chosen = [.. names];
        var found = all.Where(layer => chosen.Remove(layer.Key.Id)).ToDictionary();
        return chosen.Count == 0 ? found : throw new ArgumentException(
            $"'{chosen.First()}' is not a tensor whose channels a key could permute; these are: {string.Join(", ", all.Keys.Take(MostNamesInMessage).Select(tensor => tensor.Id))}{(all.Count > MostNamesInMessage ? ", ..." : "")}.");
    }

    /// <summary>The tensors that a key has permuted.</summary>
    /// <param name="document">The file.</param>
    /// <param name="layers">What its metadata says of them.</param>
    /// <exception cref="InvalidDataException">They are not as it says.</exception>
    public static IReadOnlyDictionary<StoredTensor, ChannelAxis> Find(OnnxDocument document, IReadOnlyList<KeyedTensor> layers)
    {
        var wanted = new Dictionary<string, ChannelAxis>();
        foreach (KeyedTensor layer in layers)
        {
            if (!wanted.TryAdd(layer.Tensor, new ChannelAxis(layer.Axis, layer.Block)))
                throw new InvalidDataException($"The model is damaged: its metadata names the tensor '{layer.Tensor}' twice.");
        }
        var found = new Dictionary<StoredTensor, ChannelAxis>();
        foreach (StoredTensor tensor in document.Tensors)
        {
            if (!wanted.Remove(tensor.Id, out ChannelAxis axis))
                continue;
            if (!axis.Fits(tensor))
                throw new InvalidDataException($"The model is damaged, or another program has changed it: the tensor '{tensor.Id}' has not the channels that were permuted.");
            found.Add(tensor, axis);
        }
        return wanted.Count == 0 ? found
            : throw new InvalidDataException($"The model is damaged, or another program has changed it: the tensor '{wanted.Keys.First()}', whose channels were permuted, is missing.");
    }
}
