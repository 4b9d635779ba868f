using Microsoft.AspNetCore.DataProtection;
using Microsoft.ML.PermutedSegmentation;

namespace SegmentationService.Models;

/// <summary>The section "Segmentation" of the settings: which model, and where its key comes from.</summary>
/// <param name="ModelPath">The model's file: a .zip of ML.NET, or an .onnx.</param>
/// <param name="KeyOf">Gets the key; null: the model needs none.</param>
/// <param name="MaximumBatchSize">The most images that run through the network together.</param>
/// <param name="NeedsDataProtection">Whether the key is in a file that only this application opens.</param>
internal sealed record ModelSettings(string ModelPath, Func<IServiceProvider, PermutationKey>? KeyOf, int MaximumBatchSize, bool NeedsDataProtection = false)
{
    /// <summary>Null: no model is set.</summary>
    /// <exception cref="InvalidOperationException">The key is to come from more than one place.</exception>
    public static ModelSettings? Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Segmentation");
        if (section["ModelPath"] is not { Length: > 0 } path)
            return null;
        string? keyPath = Set(section["KeyPath"]), protectedPath = Set(section["ProtectedKeyPath"]), text = Set(section["Key"]);
        Func<IServiceProvider, PermutationKey>?[] sources =
        [
            keyPath is null ? null : services => PermutationKey.Load(keyPath, services.GetRequiredService<KeyWarnings>().Say),
            protectedPath is null ? null : services => services.GetRequiredService<IDataProtectionProvider>().LoadPermutationKey(protectedPath),
            // Read anew each time, since settings may change while the program runs.
            text is null ? null : services => services.GetRequiredService<IConfiguration>().GetPermutationKey("Segmentation:Key"),
        ];
        return sources.Count(source => source is not null) <= 1
            ? new ModelSettings(path, sources.FirstOrDefault(source => source is not null), section.GetValue("MaximumBatchSize", 8), protectedPath is not null)
            : throw new InvalidOperationException("Set one of Segmentation:KeyPath, Segmentation:ProtectedKeyPath and Segmentation:Key, not several.");
    }

    private static string? Set(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
