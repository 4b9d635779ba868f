namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A key is not the one that a model, a file or a checkpoint was made with: its fingerprint differs from the stored one.
/// </summary>
/// <remarks>
/// Where no fingerprint is stored, a key cannot be verified. That is an <see cref="InvalidOperationException"/> that says so, and not this
/// exception: the key may well be the right one.
/// </remarks>
public sealed class WrongKeyException : InvalidOperationException
{
    /// <summary>Creates the exception with a general message.</summary>
    public WrongKeyException()
        : this("This is not the right key: the fingerprint differs.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What the key is not the key of.</param>
    public WrongKeyException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What the key is not the key of.</param>
    /// <param name="innerException">The cause.</param>
    public WrongKeyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
