using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Keys;

/// <summary>Whether a key is the one that something was made with, and what is said when it is not.</summary>
public static class KeyVerification
{
    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    /// <param name="key">The key.</param>
    /// <param name="salt">The 16 random bytes stored beside the fingerprint; null when there are none.</param>
    /// <param name="fingerprint">The fingerprint; null when none is stored.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static bool? Matches(PermutationKey key, byte[]? salt, byte[]? fingerprint)
    {
        ArgumentNullException.ThrowIfNull(key);
        return salt is null || fingerprint is null ? null : CryptographicOperations.FixedTimeEquals(fingerprint, key.GetFingerprint(salt));
    }

    /// <summary>Refuses a key that is known to be a wrong one.</summary>
    /// <param name="matches">Whether it is the right one; null when this is unknown.</param>
    /// <param name="what">What was made with a key, such as "model".</param>
    /// <exception cref="WrongKeyException"><paramref name="matches"/> is false.</exception>
    public static void RefuseWrong(bool? matches, string what)
    {
        if (matches == false)
            throw new WrongKeyException(Differs(what));
    }

    /// <summary>Refuses a key that is not known to be the right one.</summary>
    /// <param name="matches">Whether it is the right one; null when this is unknown.</param>
    /// <param name="what">What was made with a key, such as "model".</param>
    /// <param name="wayOut">What to do when this is unknown.</param>
    /// <exception cref="WrongKeyException"><paramref name="matches"/> is false.</exception>
    /// <exception cref="InvalidOperationException"><paramref name="matches"/> is null.</exception>
    public static void Require(bool? matches, string what, string wayOut)
    {
        RefuseWrong(matches, what);
        if (matches is null)
            throw new InvalidOperationException($"The {what} stores no fingerprint, so a key cannot be verified; {wayOut}.");
    }

    /// <summary>What is said of a wrong key, here and in a log.</summary>
    /// <param name="what">What was made with a key, such as "model".</param>
    public static string Differs(string what) => $"This is not the key of the {what}: the fingerprint differs.";
}
