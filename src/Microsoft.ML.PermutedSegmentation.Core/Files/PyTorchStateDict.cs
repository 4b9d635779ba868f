namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>Finds the weights in what a PyTorch file holds.</summary>
internal static class PyTorchStateDict
{
    // Where checkpoints have the state dict, in the order in which they are looked at.
    private static readonly string[] Names = ["state_dict", "model_state_dict", "model"];

    /// <summary>
    /// The tensors of the state dict, checked: of the first part with a usual name that has tensors, otherwise of the whole, otherwise of the only part
    /// that has some.
    /// </summary>
    /// <param name="root">What the pickle holds.</param>
    /// <exception cref="InvalidDataException">There is no state dict, or one of its tensors is damaged.</exception>
    public static IEnumerable<PyTorchEntry> Find(object? root)
    {
        PickleDictionary whole = root as PickleDictionary ?? [];
        PickleDictionary? Part(string name) => whole.Find(item => item.Key is string key && key == name).Value as PickleDictionary;
        PickleDictionary state = Names.Select(Part).Append(whole).FirstOrDefault(part => part is not null && HasTensors(part)) ?? OnlyPart(whole)
            ?? throw new InvalidDataException($"it holds no state dict, neither by itself nor as {string.Join(", ", Names)}: save the weights with torch.save(model.state_dict(), path).");
        return Entries(state);
    }

    private static PickleDictionary? OnlyPart(PickleDictionary whole)
    {
        // Many names may stand for one dictionary, which is looked through once.
        PickleDictionary[] parts = [.. whole.Select(item => item.Value).OfType<PickleDictionary>().Distinct().Where(HasTensors).Take(2)];
        return parts is [var only] ? only : null;
    }

    private static bool HasTensors(PickleDictionary dictionary) => dictionary.Exists(item => item.Value is PyTorchTensor);

    private static IEnumerable<PyTorchEntry> Entries(PickleDictionary state)
    {
        var names = new HashSet<string>();
        foreach ((object? key, object? value) in state)
        {
            if (value is not PyTorchTensor tensor)
                continue;
            if (key is not string name || !names.Add(name))
                throw new InvalidDataException("a tensor in it has no name, or two have the same one.");
            yield return tensor.Check(name);
        }
    }
}
