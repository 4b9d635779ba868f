namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A tensor of a PyTorch file: a view of a storage, of which other tensors may be views, too.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Storage">Where its values are.</param>
/// <param name="Offset">Which element of the storage is its first.</param>
/// <param name="Strides">How many elements of the storage lie between neighbours, for each dimension.</param>
internal sealed record PyTorchEntry(string Name, ElementType Type, long[] Shape, PyTorchStorage Storage, long Offset, long[] Strides) : TensorEntry(Name, Type, Shape)
{
    /// <summary>Whether its elements lie in the order of its shape.</summary>
    public bool IsInOrder
    {
        get
        {
            long expected = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                    return false;
                expected *= Shape[i];
            }
            return true;
        }
    }
}
