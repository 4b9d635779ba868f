using Microsoft.ML.PermutedSegmentation;

namespace Microsoft.Extensions.Configuration;

/// <summary>Keys from wherever an application's settings come: user secrets, environment variables, files of Kubernetes, vaults.</summary>
public static class KeyConfigurationExtensions
{
    /// <summary>Reads a key from a setting: the text of a key file, or the base64 of the 32 bytes.</summary>
    /// <remarks>Configuration holds its settings as strings, which stay in memory and cannot be cleared; a key file is the safer place.</remarks>
    /// <param name="configuration">The settings.</param>
    /// <param name="name">The setting's name, such as "Segmentation:Key".</param>
    /// <exception cref="ArgumentNullException"><paramref name="configuration"/> is null.</exception>
    /// <exception cref="InvalidOperationException">There is no such setting, or it is empty.</exception>
    /// <exception cref="FormatException">It is not a key.</exception>
    public static PermutationKey GetPermutationKey(this IConfiguration configuration, string name)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentException.ThrowIfNullOrEmpty(name);
        string? text = configuration[name];
        return string.IsNullOrWhiteSpace(text)
            ? throw new InvalidOperationException($"The setting '{name}' is missing or empty; it should hold a permutation key as PEM or base64.")
            : PermutationKey.FromText(text, $"The setting '{name}'");
    }
}
