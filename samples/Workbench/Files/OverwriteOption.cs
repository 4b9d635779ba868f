using System.CommandLine;

namespace Workbench.Files;

/// <summary><c>--overwrite</c>: lets a command replace files that it does not read.</summary>
internal sealed class OverwriteOption : Option<bool>
{
    public OverwriteOption() : base("--overwrite") =>
        Description = "Replaces existing files. Files that the command reads and key files are never overwritten.";
}
