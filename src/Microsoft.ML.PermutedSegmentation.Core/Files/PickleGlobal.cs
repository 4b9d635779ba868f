namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A class or function of Python that a pickle names. It is never called: only a few names are known, and what they stand for is done here.</summary>
/// <param name="Module">Its module.</param>
/// <param name="Name">Its name there.</param>
internal sealed record PickleGlobal(string Module, string Name)
{
    private static readonly HashSet<(string, string)> Known =
    [
        ("collections", "OrderedDict"), ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter"), ("torch", "Size"),
    ];

    /// <summary>A global that is known.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static PickleGlobal Of(string module, string name)
    {
        if (Known.Contains((module, name)) || (module == "torch" && PyTorchStorage.IsKnown(name)))
            return new PickleGlobal(module, name);
        throw new InvalidDataException($"it holds a Python object of '{Shorten(module)}.{Shorten(name)}', and only tensors and plain containers are read, since a pickle can run code: save the weights alone, with torch.save(model.state_dict(), path).");
    }

    /// <summary>What calling it gives.</summary>
    /// <exception cref="InvalidDataException">The arguments are not those that PyTorch writes.</exception>
    public object? Call(object?[] arguments) => (Name, arguments) switch
    {
        ("OrderedDict", []) => new PickleDictionary(),
        ("Size", [object?[] sizes]) => sizes,
        ("_rebuild_parameter", [PyTorchTensor tensor, ..]) => tensor,
        ("_rebuild_tensor" or "_rebuild_tensor_v2", [PyTorchStorage storage, long offset, object?[] shape, object?[] strides, ..]) =>
            new PyTorchTensor(storage, offset, Longs(shape), Longs(strides)),
        _ => throw new InvalidDataException($"'{Name}' is used in it in a way that PyTorch does not."),
    };

    // Only short ones are copied: a pickle can use one long tuple as the shape of many tensors.
    private static long[] Longs(object?[] values) => values.Length > PyTorchTensor.MostDimensions
        ? throw new InvalidDataException($"a tensor in it has {values.Length} dimensions; at most {PyTorchTensor.MostDimensions} are read.")
        : [.. values.Select(value => value is long number ? number : throw new InvalidDataException("a size in it is not a whole number."))];

    private static string Shorten(string name) => string.Concat(name.Where(character => !char.IsControl(character)).Take(60));
}
