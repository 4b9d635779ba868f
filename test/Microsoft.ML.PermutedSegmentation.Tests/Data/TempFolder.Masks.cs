namespace Microsoft.ML.PermutedSegmentation.Tests;

internal sealed partial class TempFolder
{
    public string WriteMask(string name, byte[] indices, int width, int height)
    {
        using var stream = new MemoryStream();
        IndexedPng.Write(stream, indices, width, height, ClassPalette.Voc);
        return Write(name, stream.ToArray());
    }
}
