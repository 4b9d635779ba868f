namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>Where a mask comes from.</summary>
/// <param name="Path">The file, for messages.</param>
internal abstract record MaskSource(string Path);

/// <summary>A mask file that <c>LoadMasks</c> reads as it is.</summary>
internal sealed record StoredMask(string Path) : MaskSource(Path);

/// <summary>A mask that has to be made from a file, on any thread.</summary>
/// <param name="Path">The file.</param>
/// <param name="Part">What in the file, if it holds several.</param>
internal abstract record PaintedMask(string Path, string Part = "") : MaskSource(Path)
{
    /// <summary>Which class each number or name in the file stands for: with another one the mask is another.</summary>
    public abstract string Numbering { get; }

    /// <summary>Files that the mask is made from besides.</summary>
    public virtual IEnumerable<string> OtherFiles => [];

    /// <summary>Makes the mask.</summary>
    /// <param name="height">Height of the image.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="warn">Takes what is not right and does not matter, without the file's name.</param>
    /// <returns>Classes, [height, width]; 255 is void.</returns>
    /// <exception cref="InvalidDataException">The file is not right; the message names it.</exception>
    public abstract byte[] Paint(int height, int width, Action<string> warn);

    /// <summary>The exception for a part of the file.</summary>
    protected InvalidDataException Bad(string message, Exception? inner = null) => new($"'{Path}': {message}", inner);
}
