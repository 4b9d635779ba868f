namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The queue of requests is full. Of HTTP's answers, 429 with Retry-After says the same (RFC 6585, section 4).</summary>
public sealed class SegmentationBusyException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="waiting">How many requests wait.</param>
    /// <param name="retryAfter"><inheritdoc cref="RetryAfter" path="/summary/node()"/></param>
    public SegmentationBusyException(int waiting, TimeSpan retryAfter)
        : base($"{waiting} requests wait already. Try again in {Math.Ceiling(retryAfter.TotalSeconds):F0} s.") => RetryAfter = retryAfter;

    /// <summary>How long those that wait will take, going by the last ones.</summary>
    public TimeSpan RetryAfter { get; }
}
