namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A tensor in a pickle, not checked yet.</summary>
/// <param name="Storage">Where its values are.</param>
/// <param name="Offset">Which element of the storage is its first.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Strides">How many elements lie between neighbours, for each dimension.</param>
internal sealed record PyTorchTensor(PyTorchStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Far above what any of the networks needs.</summary>
    public const int MostDimensions = 8;

    /// <summary>The tensor under its name, checked: it lies in its storage, and no value of it stands for two.</summary>
    /// <exception cref="InvalidDataException">It does not.</exception>
    public PyTorchEntry Check(string name)
    {
        if (TensorEntry.FindProblem(name) is { } problem)
            throw new InvalidDataException(problem);
        if (Storage.Type is not { } type)
            throw new InvalidDataException($"the tensor '{name}' is of a {Storage.TypeName}, an element type that is not supported.");
        if (Shape.Length != Strides.Length || Offset < 0 || Shape.Any(length => length < 0) || Strides.Any(stride => stride < 0))
            throw new InvalidDataException($"the tensor '{name}' has sizes that no tensor has.");
        bool isEmpty = Shape.Contains(0);
        Int128 count = 1, last = Offset;
        for (int i = 0; i < Shape.Length && !isEmpty; i++)
        {
            count *= Shape[i];
            last += (Int128)(Shape[i] - 1) * Strides[i];
            // After each, before the next product could be too large for its type.
            if (count > Storage.Count || last >= Storage.Count)
                break;
        }
        if (!isEmpty && (count > Storage.Count || last >= Storage.Count))
            throw new InvalidDataException($"the tensor '{name}' has more values than its part of the file.");
        // Those that lie apart are read with what is between them.
        if (!isEmpty && last - Offset >= Array.MaxLength)
            throw new InvalidDataException($"the values of the tensor '{name}' lie too far apart.");
        return new PyTorchEntry(name, type, Shape, Storage, Offset, Strides);
    }
}
