namespace Workbench;

/// <summary>The recipes of a training.</summary>
internal enum Preset
{
    /// <summary>The library's.</summary>
    Default,

    /// <summary>The paper's.</summary>
    Paper,
}
