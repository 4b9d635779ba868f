namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>What is done to the values of tensors on the way from one file to another.</summary>
internal interface ITensorStep : IDisposable
{
    /// <summary>Whether it changes a tensor.</summary>
    bool Changes(StoredTensor tensor);

    /// <summary>Whether it needs all values of a tensor at once; otherwise they may come in parts.</summary>
    bool NeedsWhole(StoredTensor tensor);

    /// <summary>Changes values in place.</summary>
    void Apply(StoredTensor tensor, Span<byte> values);
}
