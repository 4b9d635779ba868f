namespace PermutedSegmentation.BuildTool;

/// <summary>Stops the build with a numbered error; the numbers are explained in eng/README.md.</summary>
internal sealed class BuildToolException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}
