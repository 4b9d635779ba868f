namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What PyTorch and torchvision say: torchvision.safetensors, made by make_torchvision_fixture.py.</summary>
internal static class TorchvisionFixture
{
    private static readonly Lazy<SafetensorsFile> File =
        new(() => new SafetensorsFile(typeof(TorchvisionFixture).Assembly.GetManifestResourceStream("torchvision.safetensors")!));

    public static SafetensorsHeader Header => File.Value.Header;

    /// <summary>The values of a tensor in the file as 32-bit floats.</summary>
    public static float[] Values(string name)
    {
        lock (File)
        {
            SafetensorsEntry entry = Header.Entries.Single(entry => entry.Name == name);
            float[] values = new float[entry.Count];
            File.Value.Read(entry, values);
            return values;
        }
    }

    /// <summary>All tensors of a network's state dict: resnet50 with an auxiliary classifier, or resnet18.</summary>
    public static StateEntry[] State(string network) => [.. Header.Metadata[$"{network}/state"].Split('\n').Select(line =>
    {
        string[] parts = line.Split(' ', 3);
        return new StateEntry(parts[0], parts[1], [.. parts[2].Trim('[', ']').Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)]);
    })];

    /// <summary>The state dict of the residual network alone, with ImageNet's classifier.</summary>
    public static StateEntry[] BareResNet18() =>
    [
        .. State("resnet18").Where(entry => entry.Name.StartsWith("backbone.")).Select(entry => entry with { Name = entry.Name["backbone.".Length..] }),
        new("fc.weight", "F32", [1000, 512]),
        new("fc.bias", "F32", [1000]),
    ];
}
