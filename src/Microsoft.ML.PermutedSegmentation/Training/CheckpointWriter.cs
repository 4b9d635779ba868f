using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static Microsoft.ML.PermutedSegmentation.Training.CheckpointFormat;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>Writes the state of a training to one file, over and over (<see cref="CheckpointFormat"/>).</summary>
/// <param name="path">The file.</param>
/// <param name="training">Which training it is; how far it has come does not matter here.</param>
/// <param name="salt">Of the model, when there is a key.</param>
/// <param name="key">Seals the file; null without one.</param>
/// <param name="protection">What the key does to weights.</param>
internal sealed class CheckpointWriter(string path, CheckpointDescription training, byte[]? salt, PermutationKey? key, WeightProtection? protection)
{
    /// <summary>Replaces what is in the file by a state; a reader, and who stops this at any moment, finds one or the other.</summary>
    public void Save(TrainingState state)
    {
        byte[] description = PadToNumbers((training with { Position = state.Position }).ToJson());
        byte[] nonce = RandomNumberGenerator.GetBytes(NonceSize);
        byte[] header = SafetensorsHeader.Write(
        [
            (DigestName, ElementType.Int64, DigestShape),
            (DescriptionName, ElementType.Int64, [description.Length / sizeof(long)]),
            .. state.Tensors().Select(entry => (NameOf(entry.Part, entry.Parameter), ElementType.Float32, entry.Value.shape)),
        ], Metadata(nonce));

        WholeFile.Write(path, stream =>
        {
            using FileSeal seal = key is null ? new FileSeal() : key.CreateSeal(salt, nonce);
            stream.Write(header);
            seal.Append(header);
            stream.Write(new byte[SHA256.HashSizeInBytes]);
            Write(description, stream, seal);
            foreach ((_, string parameter, Tensor value) in state.Tensors())
                Write(parameter, value, stream, seal);
            stream.Position = header.Length;
            stream.Write(seal.GetDigest());
        });
    }

    private Dictionary<string, string> Metadata(byte[] nonce)
    {
        var metadata = new Dictionary<string, string> { [FormatName] = Format };
        if (key is not null)
        {
            metadata[SaltName] = Convert.ToHexStringLower(salt!);
            metadata[FingerprintName] = Convert.ToHexStringLower(key.GetFingerprint(salt));
            metadata[NonceName] = Convert.ToHexStringLower(nonce);
        }
        return metadata;
    }

    private void Write(string parameter, Tensor value, Stream stream, FileSeal seal)
    {
        using Tensor plain = value.detach();
        using Tensor stored = protection is null ? plain.alias() : protection.Protect(parameter, plain);
        stored.UseBytes(bytes => Write(bytes, stream, seal));
    }

    // The bytes may be the network's own: they are encrypted in a copy.
    private static void Write(ReadOnlySpan<byte> bytes, Stream stream, FileSeal seal)
    {
        byte[] buffer = new byte[1 << 16];
        while (!bytes.IsEmpty)
        {
            Span<byte> part = buffer.AsSpan(0, Math.Min(buffer.Length, bytes.Length));
            bytes[..part.Length].CopyTo(part);
            seal.Transform(part);
            seal.Append(part);
            stream.Write(part);
            bytes = bytes[part.Length..];
        }
    }

    private static byte[] PadToNumbers(byte[] json)
    {
        byte[] padded = new byte[(json.Length + sizeof(long) - 1) / sizeof(long) * sizeof(long)];
        padded.AsSpan().Fill((byte)' ');
        json.CopyTo(padded, 0);
        return padded;
    }
}
