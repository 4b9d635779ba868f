namespace Microsoft.ML.PermutedSegmentation;

/// <summary>There is no model to answer a request with. Of HTTP's answers, 503 says the same.</summary>
public sealed class SegmentationUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Why there is none.</param>
    public SegmentationUnavailableException(string message)
        : base(message)
    {
    }
}
