using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>What becomes of a file's protection: it is taken off, put on, or one after the other.</summary>
internal sealed class ProtectionChange : IDisposable
{
    private readonly OnnxDocument _document;
    private readonly List<ITensorStep> _steps = [];
    private SealStep? _opening, _closing;
    private ProtectionTag? _newTag;
    private bool _isRightKey;

    private ProtectionChange(OnnxDocument document) => _document = document;

    /// <summary>Protects a file.</summary>
    /// <exception cref="InvalidOperationException">It is protected already, or nothing in it can be permuted.</exception>
    /// <exception cref="ArgumentException">Some layer of the options is not in it.</exception>
    public static ProtectionChange Protect(OnnxDocument document, PermutationKey key, OnnxProtectionOptions options)
    {
        if (document.Tag is not null)
            throw new InvalidOperationException("The model is protected already. Give it another key, or unprotect it first.");
        if (!options.Seal && document.IsOwnExport)
            throw new InvalidOperationException("This library has exported the model. Protect the model that it was exported from, or seal this file.");
        if (document.IsOwnExport)
            RefuseOtherKey(document, key);
        return New(document, change =>
        {
            if (options.Seal)
                change.Seal(key, options.StoreFingerprint);
            else
                change.Permute(key, LayerChoice.Of(document, options.Layers), options.StoreFingerprint);
        });
    }

    /// <summary>Takes off a file's protection.</summary>
    /// <param name="document">The file.</param>
    /// <param name="key">Its key.</param>
    /// <param name="verify">Whether to refuse a key that is not known to be the right one.</param>
    /// <exception cref="InvalidOperationException">It is not protected, or cannot tell its key from others.</exception>
    /// <exception cref="WrongKeyException">It has another key.</exception>
    public static ProtectionChange Unprotect(OnnxDocument document, PermutationKey key, bool verify) => New(document, change => change.Open(key, verify));

    /// <summary>Gives a file another key and another salt.</summary>
    /// <param name="document">The file.</param>
    /// <param name="oldKey">Its key.</param>
    /// <param name="newKey">The other one.</param>
    /// <param name="verify">Whether to refuse an old key that is not known to be the right one.</param>
    /// <exception cref="ArgumentException">Both are the same key.</exception>
    /// <exception cref="InvalidOperationException">It is not protected, or cannot tell its key from others.</exception>
    /// <exception cref="WrongKeyException">It has another key.</exception>
    public static ProtectionChange Rekey(OnnxDocument document, PermutationKey oldKey, PermutationKey newKey, bool verify) => New(document, change =>
    {
        IReadOnlyDictionary<StoredTensor, ChannelAxis>? layers = change.Open(oldKey, verify);
        ProtectionTag tag = document.Tag!;
        if (KeyVerification.Matches(newKey, tag.Salt, oldKey.GetFingerprint(tag.Salt)) == true)
            throw new ArgumentException("The new key is the old one: nothing would change.", nameof(newKey));
        if (document.IsOwnExport && document.Metadata("salt") is not null)
            throw new InvalidOperationException("The model in the sealed file has the old key, too. Give the model that it was exported from another key, and export that.");
        if (layers is not null)
            change.Permute(newKey, layers, tag.Fingerprint is not null);
        else
            change.Seal(newKey, tag.Fingerprint is not null);
    });

    /// <summary>Changes the file in memory.</summary>
    /// <param name="output">Where tensors go that lay beside the file; null to take them into it.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="WrongKeyException">It was sealed with another key, or altered.</exception>
    public void Apply(ExternalOutput? output)
    {
        _document.Transform(_steps, output);
        if (_document.Seal is var (body, digest))
            _opening?.Verify(body, digest, _isRightKey);
        _document.RemoveTag();
        if (_closing is not null)
        {
            _document.RemoveChecksum();
            SealMark.AddOperator(_document.Model);
        }
        _newTag?.Write(_document.Model);
    }

    /// <summary>Writes the changed file.</summary>
    public void Write(Stream stream) => _document.Write(stream, _closing);

    public void Dispose() => _steps.ForEach(step => step.Dispose());

    private static ProtectionChange New(OnnxDocument document, Action<ProtectionChange> plan)
    {
        var change = new ProtectionChange(document);
        try
        {
            plan(change);
            return change;
        }
        catch
        {
            change.Dispose();
            throw;
        }
    }

    // The permuted layers; null if the file is sealed.
    private IReadOnlyDictionary<StoredTensor, ChannelAxis>? Open(PermutationKey key, bool verify)
    {
        ProtectionTag tag = _document.Tag ?? throw new InvalidOperationException(_document.IsOwnExport
            ? "The model is not protected as a whole: this library has exported it. OnnxSegmenter runs it, with its key if it has one."
            : "The model is not protected: it needs no key.");
        bool? matches = KeyVerification.Matches(key, tag.Salt, tag.Fingerprint);
        _isRightKey = matches == true;
        // Of a sealed model a wrong key makes nothing, and its digest tells.
        if (tag.IsSealed)
            KeyVerification.RefuseWrong(matches, "model");
        else if (verify)
            KeyVerification.Require(matches, "model", "unlock it without verifying");
        if (tag.Layers is null)
        {
            _steps.Add(_opening = new SealStep(key, tag.Salt, open: true));
            return null;
        }
        IReadOnlyDictionary<StoredTensor, ChannelAxis> layers = LayerChoice.Find(_document, tag.Layers);
        _steps.Add(new PermutationStep(layers, key, tag.Salt, undo: true));
        return layers;
    }

    private void Seal(PermutationKey key, bool storeFingerprint)
    {
        _newTag = NewTag(key, storeFingerprint, layers: null);
        _steps.Add(_closing = new SealStep(key, _newTag.Salt, open: false));
    }

    private void Permute(PermutationKey key, IReadOnlyDictionary<StoredTensor, ChannelAxis> layers, bool storeFingerprint)
    {
        _newTag = NewTag(key, storeFingerprint, [.. layers.Select(layer => new KeyedTensor(layer.Key.Id, layer.Value.Axis, layer.Value.Block))]);
        _steps.Add(new PermutationStep(layers, key, _newTag.Salt, undo: false));
    }

    private static ProtectionTag NewTag(PermutationKey key, bool storeFingerprint, IReadOnlyList<KeyedTensor>? layers)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(ProtectionTag.SaltSize);
        return new ProtectionTag(salt, storeFingerprint ? key.GetFingerprint(salt) : null, layers);
    }

    // OnnxSegmenter opens a sealed export with one key, which must also be that of the model in it.
    private static void RefuseOtherKey(OnnxDocument document, PermutationKey key)
    {
        if (document.Metadata("salt") is not { } salt || document.Metadata("fingerprint") is not { } fingerprint)
            return;
        byte[] saltBytes = new byte[ProtectionTag.SaltSize], fingerprintBytes = new byte[ProtectionTag.FingerprintSize];
        if (!ProtectionTag.TryReadHex(salt, saltBytes) || !ProtectionTag.TryReadHex(fingerprint, fingerprintBytes))
            throw new InvalidDataException("The model is damaged: its metadata 'salt' or 'fingerprint' is not what it should be.");
        KeyVerification.RefuseWrong(KeyVerification.Matches(key, saltBytes, fingerprintBytes), "model in the file");
    }
}
