namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A class or function of Python that a pickle names. It is never called: only a few names are known, and what they stand for is done here.</summary>
/// <param name="Module">Its module.</param>
/// <param name="Name">Its name there.</param>
internal sealed record PickleGlobal(string Module, string Name)
{
    private static readonly string[] Builtins = ["set", "frozenset", "bytes", "bytearray", "complex", "range", "xrange", "int", "long", "float", "bool", "str", "unicode", "list", "dict", "tuple"];

    private static readonly HashSet<(string, string)> Read =
    [
        .. In("collections", "OrderedDict", "defaultdict"), .. In("torch", "Size"),
        .. In("torch._utils", "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter", "_rebuild_parameter_with_state"),
    ];

    // What trainings keep beside the weights: settings, scores, states of random generators. No network needs it, so that nothing is made of it.
    private static readonly HashSet<(string, string)> PassedOver =
    [
        .. In("torch", "device", "float16", "bfloat16", "float32", "float64", "bool", "uint8", "int8", "int16", "int32", "int64"),
        .. In("builtins", Builtins), .. In("__builtin__", Builtins), .. In("_codecs", "encode"), .. In("collections", "Counter"), .. In("argparse", "Namespace"),
        .. In("pathlib", "PosixPath", "WindowsPath"), .. In("datetime", "datetime", "timedelta"), .. In("numpy", "dtype", "ndarray"),
        .. In("numpy.core.multiarray", "scalar", "_reconstruct"), .. In("numpy._core.multiarray", "scalar", "_reconstruct"),
        .. In("numpy.core.numeric", "_frombuffer"), .. In("numpy._core.numeric", "_frombuffer"),
    ];

    /// <summary>A global that is known.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static PickleGlobal Of(string module, string name) =>
        Read.Contains((module, name)) || PassedOver.Contains((module, name)) || (module == "torch" && PyTorchStorage.IsKnown(name))
            ? new PickleGlobal(module, name)
            : throw new InvalidDataException($"it holds a Python object of '{Shorten(module)}.{Shorten(name)}', which is not read, and nothing of it was run: save the weights alone, with torch.save(model.state_dict(), path).");

    /// <summary>What calling it gives; null for what is passed over.</summary>
    /// <exception cref="InvalidDataException">The arguments are not those that PyTorch writes.</exception>
    public object? Call(object?[] arguments) => PassedOver.Contains((Module, Name)) ? null : (Name, arguments) switch
    {
        ("OrderedDict", []) or ("defaultdict", _) => new PickleDictionary(),
        // As Python 2 writes it.
        ("OrderedDict", [List<object?> items]) => DictionaryOf(items),
        ("Size", [object?[] sizes]) => sizes,
        ("_rebuild_parameter" or "_rebuild_parameter_with_state", [PyTorchTensor tensor, ..]) => tensor,
        ("_rebuild_tensor" or "_rebuild_tensor_v2", [PyTorchStorage storage, long offset, object?[] shape, object?[] strides, ..]) =>
            new PyTorchTensor(storage, offset, Longs(shape), Longs(strides)),
        _ => throw new InvalidDataException($"'{Name}' is used in it in a way that PyTorch does not."),
    };

    private static PickleDictionary DictionaryOf(List<object?> items) =>
        [.. items.Select(item => item is List<object?> { Count: 2 } pair ? (pair[0], pair[1]) : throw new InvalidDataException("a dictionary in it has an item that is not a key and a value."))];

    // Only short ones are copied: a pickle can use one long tuple as the shape of many tensors.
    private static long[] Longs(object?[] values) => values.Length > PyTorchTensor.MostDimensions
        ? throw new InvalidDataException($"a tensor in it has {values.Length} dimensions; at most {PyTorchTensor.MostDimensions} are read.")
        : [.. values.Select(value => value is long number ? number : throw new InvalidDataException("a size in it is not a whole number."))];

    private static IEnumerable<(string, string)> In(string module, params string[] names) => names.Select(name => (module, name));

    private static string Shorten(string name) => string.Concat(name.Where(character => !char.IsControl(character)).Take(60));
}
