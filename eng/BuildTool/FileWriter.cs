namespace PermutedSegmentation.BuildTool;

internal static class FileWriter
{
    /// <summary>
    /// Puts a new file in place of whatever has the name now. It is written beside and renamed: a build that is
    /// interrupted leaves no half file, and a file that is a link into the package cache is replaced, not written through.
    /// </summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
