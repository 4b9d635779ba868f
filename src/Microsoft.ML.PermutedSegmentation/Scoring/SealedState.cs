using System.Runtime.InteropServices;
using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>The encrypted weights of a sealed model (docs/sealing.md) in memory.</summary>
internal static class SealedState
{
    /// <summary>Decrypts weights, once all of them are known to be what was sealed.</summary>
    /// <param name="description">The model.</param>
    /// <param name="stored">Gives its encrypted weights, in the order of its table, as often as it is called.</param>
    /// <param name="effect">What the key does to the model.</param>
    /// <param name="tag">What belongs to the weights.</param>
    /// <returns>The stored weights one at a time; the caller disposes each.</returns>
    /// <exception cref="WrongKeyException">They were sealed with another key.</exception>
    /// <exception cref="InvalidDataException">They were altered.</exception>
    public static IEnumerable<(string Name, Tensor Value)> Open(
        ModelDescription description, Func<IEnumerable<(string Name, Tensor Value)>> stored, KeyEffect effect, SealTag tag)
    {
        using FileSeal seal = effect.Seal!.For(description, tag.Nonce);
        foreach ((_, Tensor value) in stored())
        {
            using (value)
                value.UseBytes(seal.Append);
        }
        if (!CryptographicOperations.FixedTimeEquals(seal.GetDigest(), tag.Digest))
            throw Refused(description, effect);
        Dictionary<string, ParameterRole> roles = description.Layout.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Role);
        foreach ((string name, Tensor value) in stored())
        {
            using (value)
            {
                using Tensor opened = Transformed(value, seal, append: false);
                if (WeightValues.FindProblem(name, roles[name], opened.Values()) is { } problem)
                    throw new InvalidDataException($"The model is damaged: {problem}");
                yield return (name, opened.to(value.device).DetachFromDisposeScope());
            }
        }
    }

    /// <summary>Encrypts weights.</summary>
    /// <param name="description">The model.</param>
    /// <param name="stored">Its weights as they are to be encrypted, in the order of its table; they are disposed.</param>
    /// <param name="modelSeal">What seals the model.</param>
    public static (IReadOnlyList<(string Name, Tensor Value)> State, SealTag Tag) Close(ModelDescription description, IEnumerable<(string Name, Tensor Value)> stored, ModelSeal modelSeal)
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(ModelSeal.NonceSize);
        using FileSeal seal = modelSeal.For(description, nonce);
        var state = new List<(string, Tensor)>();
        foreach ((string name, Tensor value) in stored)
        {
            using (value)
            {
                using Tensor closed = Transformed(value, seal, append: true);
                state.Add((name, closed.to(value.device).DetachFromDisposeScope()));
            }
        }
        return (state, new SealTag(nonce, seal.GetDigest()));
    }

    // Where the key is known to be the right one, the weights are not those that it sealed.
    private static Exception Refused(ModelDescription description, KeyEffect effect) =>
        description.Fingerprint is { } fingerprint && CryptographicOperations.FixedTimeEquals(fingerprint, effect.Fingerprint)
            ? new InvalidDataException("The model is damaged: it was altered after it was sealed.")
            : new WrongKeyException($"{(description.Fingerprint is null ? "This is not the key of the model, or the model was altered after it was sealed." : KeyVerification.Differs("model"))}");

    // On the CPU, in memory of its own.
    private static Tensor Transformed(Tensor value, FileSeal seal, bool append)
    {
        Tensor copy = TensorBytes.New(value.shape);
        Span<byte> bytes = MemoryMarshal.AsBytes(copy.Values());
        value.UseBytes(source => source.CopyTo(MemoryMarshal.AsBytes(copy.Values())));
        seal.Transform(bytes);
        if (append)
            seal.Append(bytes);
        return copy;
    }
}
