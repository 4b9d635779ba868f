using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.PermutedSegmentation.Hooks;

/// <summary>
/// The ZIP archive behind an ML.NET model file, which ML.NET keeps in private fields. ML.NET itself compresses every entry, and goes
/// through temporary files both ways. Weights hardly get smaller by it, and it takes longer than all the rest of saving and loading a model.
/// </summary>
internal static class ArchiveFields
{
    private static bool _isThere = OptionalHooks.AreOn;

    /// <summary>The archive that a model is being written to.</summary>
    /// <param name="writer">ML.NET's RepositoryWriter.</param>
    /// <returns>Null when the hook is off, or not made for this ML.NET.</returns>
    public static ZipArchive? Of(object writer) => Get(() => ArchiveOf(writer));

    /// <summary>The entries of a model that is being read, by their paths in the archive.</summary>
    /// <param name="reader">ML.NET's RepositoryReader.</param>
    /// <returns>Null when the hook is off, or not made for this ML.NET.</returns>
    public static IReadOnlyDictionary<string, ZipArchiveEntry>? EntriesOf(object reader) => Get(() => FieldEntriesOf(reader));

    private static T? Get<T>(Func<T> field)
        where T : class
    {
        if (!_isThere)
            return null;
        try
        {
            return field();
        }
        catch (Exception exception) when (exception is MissingFieldException or TypeLoadException)
        {
            _isThere = false;
            OptionalHooks.SayMissing("the archive of ML.NET's model file", "weights are compressed and go through a temporary file");
            return null;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_archive")]
    private static extern ref ZipArchive ArchiveOf([UnsafeAccessorType("Microsoft.ML.RepositoryWriter, Microsoft.ML.Core")] object writer);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_entries")]
    private static extern ref Dictionary<string, ZipArchiveEntry> FieldEntriesOf([UnsafeAccessorType("Microsoft.ML.RepositoryReader, Microsoft.ML.Core")] object reader);
}
