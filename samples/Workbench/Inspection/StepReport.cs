using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Inspection;

/// <summary>A transformer of a chain.</summary>
/// <param name="Name">Its type.</param>
/// <param name="Folder">The folder that it reads from, which may tell whose computer it was; null when none is stored.</param>
/// <param name="ImageEncryption">How it encrypts images; null when it does not.</param>
/// <param name="Salt">The encryption's salt, in hex.</param>
/// <param name="Fingerprint">The fingerprint of the encryption's key, in hex; null when not stored.</param>
internal sealed record StepReport(
    string Name, string? Folder = null, ImageEncryption? ImageEncryption = null, string? Salt = null, string? Fingerprint = null)
{
    public static StepReport Of(ITransformer step)
    {
        var name = step.GetType().Name;
        return step switch
        {
            ImageLoadingTransformer loading => new StepReport(name, string.IsNullOrEmpty(loading.ImageFolder) ? null : loading.ImageFolder),
            ImageFileLoadingTransformer loading => new StepReport(name, string.IsNullOrEmpty(loading.ImageFolder) ? null : loading.ImageFolder),
            MaskLoadingTransformer loading => new StepReport(name, loading.MaskFolder),
            BlockwiseEncryptingTransformer encryption => new StepReport(name, null, new ImageEncryption(encryption.Method, encryption.BlockSize),
                ProtectionReport.Hex(encryption.Salt), ProtectionReport.Hex(encryption.Fingerprint)),
            _ => new StepReport(name),
        };
    }
}
