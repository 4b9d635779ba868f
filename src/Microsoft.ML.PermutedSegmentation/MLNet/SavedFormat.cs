namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>By what ML.NET knows a kind of transformer in a model file. Files are found by these names for ever: none may change.</summary>
/// <param name="Signature">Eight characters at the start of what it writes.</param>
/// <param name="Loader">The name under which a <see cref="SavedTransformerAttribute{T, TLoader}"/> declares it.</param>
/// <param name="Version">Counts from 1. Older files are read, too.</param>
/// <param name="Assembly">The full name of the assembly to look in: it lets ML.NET find the class in a process that has not used it yet.</param>
internal sealed record SavedFormat(string Signature, string Loader, string Assembly, uint Version = 1)
{
    private const uint First = 0x00010001;

    /// <summary>Writes it, before anything else.</summary>
    public void Write(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(ToVersionInfo());
    }

    /// <summary>Fails if something else was written.</summary>
    public void Check(ModelLoadContext context) => context.CheckAtModel(ToVersionInfo());

    private VersionInfo ToVersionInfo() => new(Signature, First + Version - 1, First + Version - 1, First, loaderSignature: Loader, loaderAssemblyName: Assembly);
}
