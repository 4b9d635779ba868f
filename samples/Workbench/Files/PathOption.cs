using System.CommandLine;

namespace Workbench.Files;

/// <summary>An option that names a file or folder, and says what becomes of it.</summary>
internal sealed class PathOption(string name, FileRole role) : Option<string>(name)
{
    public FileRole Role => role;
}
