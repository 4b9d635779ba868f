namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>Puts the input channels of layers into the key's order, or back.</summary>
/// <param name="layers">The tensors, and where their channels are.</param>
/// <param name="key">The key; it stays the caller's.</param>
/// <param name="salt">The file's.</param>
/// <param name="undo">Whether to put them back.</param>
internal sealed class PermutationStep(IReadOnlyDictionary<StoredTensor, ChannelAxis> layers, PermutationKey key, byte[] salt, bool undo) : ITensorStep
{
    public bool Changes(StoredTensor tensor) => layers.ContainsKey(tensor);

    public bool NeedsWhole(StoredTensor tensor) => Changes(tensor);

    public void Apply(StoredTensor tensor, Span<byte> values)
    {
        if (layers.TryGetValue(tensor, out ChannelAxis axis))
            axis.Permute(tensor, values, key.GetTensorPermutation(salt, tensor.Id, axis.CountOf(tensor)), undo);
    }

    public void Dispose()
    {
        // The key is not this step's.
    }
}
