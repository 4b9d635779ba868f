using System.CommandLine;

namespace Workbench.Files;

/// <summary><c>--overwrite</c>: lets a command replace files that it does not read.</summary>
internal sealed class OverwriteOption : Option<bool>
{
    public OverwriteOption() : base("--overwrite") =>
        Description = "Replaces files that are there. What the command reads is never overwritten, nor any key file.";
}
