using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using TorchSharp;
using static Microsoft.ML.PermutedSegmentation.Training.CheckpointFormat;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// Reads a checkpoint that was found where a training is to write its own. It may come from anywhere, and is checked before anything is
/// allocated for its tensors.
/// </summary>
internal sealed class CheckpointReader : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly SafetensorsHeader _header;
    private readonly FileSeal _seal;

    private CheckpointReader(string path, FileStream stream, PermutationKey? key)
    {
        (_path, _stream) = (path, stream);
        if (stream.Length > LargestFile)
            throw new InvalidDataException($"it has {stream.Length} bytes, more than any checkpoint.");
        _header = SafetensorsHeader.Read(stream, stream.Length);
        if (_header.Metadata.GetValueOrDefault(FormatName) != Format)
            throw new InvalidDataException("it was not written by this version of the library.");
        if (_header.Entries is not [{ Name: DigestName, Type: ElementType.Int64 } digest, { Name: DescriptionName, Type: ElementType.Int64 } description, ..]
            || !digest.Shape.SequenceEqual(DigestShape) || description.End - description.Start > LargestDescription)
            throw new InvalidDataException("it does not begin with a digest and a description.");
        (_seal, Salt) = OpenSeal(key);
        try
        {
            CheckDigest(digest);
            byte[] json = new byte[description.End - description.Start];
            stream.Position = _header.DataStart + description.Start;
            stream.ReadExactly(json);
            _seal.Transform(json);
            Description = CheckpointDescription.FromJson(json);
        }
        catch
        {
            _seal.Dispose();
            throw;
        }
    }

    /// <summary>The salt of the model, with which its permutations go on; null without a key.</summary>
    public byte[]? Salt { get; }

    public CheckpointDescription Description { get; }

    /// <summary>Opens a checkpoint and checks that it is whole, and sealed with the key.</summary>
    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="InvalidDataException">The file is not a checkpoint, or it is damaged.</exception>
    /// <exception cref="WrongKeyException">It was made with another key.</exception>
    /// <exception cref="InvalidOperationException">It was made with a key and there is none, or the other way round.</exception>
    public static CheckpointReader? Find(string path, PermutationKey? key)
    {
        if (!File.Exists(path))
            return null;
        // A checkpoint is a safetensors file. Whatever else is there is precious to somebody.
        if (FileContent.Of(path) is { Kind: not SegmentationFileKind.Weights } content)
            throw new InvalidDataException($"'{path}' is {content.Description}, not a checkpoint that a training can continue from; choose another file.");
        FileStream stream = File.OpenRead(path);
        try
        {
            return new CheckpointReader(path, stream, key);
        }
        catch (Exception exception)
        {
            stream.Dispose();
            if (exception is InvalidDataException or EndOfStreamException)
                throw Damaged(path, exception);
            throw;
        }
    }

    /// <summary>Refuses a training that is not the one the checkpoint is of, as far as options tell.</summary>
    /// <exception cref="InvalidOperationException">An option or the seed is another one, or there are more epochs behind it.</exception>
    public void RequireSame(JsonObject settings, int? seed, int? epochs)
    {
        Require(CheckpointDescription.Differences(TrainingSettings.Complete(Description.Settings), settings));
        Require(seed is null || seed == Description.Seed ? "" : $"the seed of the MLContext is {Description.Seed} there and {seed} here");
        Require(epochs is null || Description.Position.Epoch <= epochs ? "" : $"{Description.Position.Epoch} epochs are finished there, and Epochs is {epochs} here");
    }

    /// <summary>Refuses other data than the checkpoint's.</summary>
    /// <exception cref="InvalidOperationException">The classes, the numbers of rows, an image or a mask differ.</exception>
    public void RequireSame(TrainingRows rows) => Require(CheckpointDescription.Differences(Description.Rows, rows));

    /// <summary>Copies everything into the state of the same training.</summary>
    /// <exception cref="InvalidDataException">The file has other tensors.</exception>
    public void Restore(TrainingState state, WeightProtection? protection)
    {
        state.Best.Take(); // a place for the best weights
        try
        {
            foreach ((string parameter, Tensor value) in Match(state))
                Read(parameter, value, protection);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw Damaged(_path, exception);
        }
        state.Position = Description.Position;
        state.Optimizer.StepCount = Description.Position.OptimizerSteps;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _seal.Dispose();
    }

    private (FileSeal Seal, byte[]? Salt) OpenSeal(PermutationKey? key)
    {
        bool isKeyed = _header.Metadata.ContainsKey(SaltName);
        if (isKeyed != (key is not null))
            Require($"there is {(isKeyed ? "a key" : "none")} there and {(isKeyed ? "none" : "a key")} here");
        if (key is null)
            return (new FileSeal(), null);
        byte[] salt = Bytes(SaltName, PermutationKey.ModelSaltSizeInBytes);
        KeyVerification.Require(KeyVerification.Matches(key, salt, Bytes(FingerprintName, key.GetFingerprint(salt).Length)), $"checkpoint '{_path}'", wayOut: "");
        return (key.CreateSeal(salt, Bytes(NonceName, NonceSize)), salt);
    }

    private byte[] Bytes(string name, int length)
    {
        string? text = _header.Metadata.GetValueOrDefault(name);
        return text?.Length == 2 * length && text.All(char.IsAsciiHexDigitLower)
            ? Convert.FromHexString(text)
            : throw new InvalidDataException($"its {name} is missing or has a wrong length.");
    }

    private void CheckDigest(SafetensorsEntry entry)
    {
        byte[] digest = new byte[entry.End - entry.Start], buffer = new byte[1 << 16];
        _stream.Position = 0;
        AppendUntil(_header.DataStart + entry.Start);
        _stream.ReadExactly(digest);
        AppendUntil(_stream.Length);
        if (!CryptographicOperations.FixedTimeEquals(digest, _seal.GetDigest()))
            throw new InvalidDataException("its digest is wrong, so it was altered after it was written.");

        void AppendUntil(long end)
        {
            while (_stream.Position < end)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - _stream.Position));
                _stream.ReadExactly(part);
                _seal.Append(part);
            }
        }
    }

    // Where the tensors go, in the order of the file: what is encrypted can be read in no other.
    private List<(string Parameter, Tensor Value)> Match(TrainingState state)
    {
        var expected = state.Tensors().ToDictionary(entry => NameOf(entry.Part, entry.Parameter), entry => (entry.Parameter, entry.Value));
        if (_header.Entries.Count - 2 != expected.Count)
            throw new InvalidDataException($"it has {_header.Entries.Count - 2} tensors; {expected.Count} belong to this training.");
        return [.. _header.Entries.Skip(2).Select(entry => expected.TryGetValue(entry.Name, out var tensor)
            && entry.Type == ElementType.Float32 && entry.Shape.SequenceEqual(tensor.Value.shape)
                ? tensor
                : throw new InvalidDataException($"its tensor '{entry.Name}' is not one of this training, or has another shape or element type there."))];
    }

    private void Read(string parameter, Tensor value, WeightProtection? protection)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using Tensor stored = TensorBytes.Create(value.shape, values =>
        {
            Span<byte> bytes = MemoryMarshal.AsBytes(values);
            _stream.ReadExactly(bytes);
            _seal.Transform(bytes);
        });
        value.copy_(protection is null ? stored : protection.Unprotect(parameter, stored));
    }

    private void Require(string differences)
    {
        if (differences.Length > 0)
            throw new InvalidOperationException($"The checkpoint '{_path}' belongs to another training: {differences}. Continue with what it was made with, or choose another file.");
    }

    private static InvalidDataException Damaged(string path, Exception why)
        => new($"'{path}' is not a checkpoint that a training can continue from: {why.Message} Choose another file to start a new training, or delete this one if it is not needed.", why);
}
