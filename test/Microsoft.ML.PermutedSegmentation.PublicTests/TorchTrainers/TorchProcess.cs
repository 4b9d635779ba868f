namespace PublicTests.TorchTrainers;

/// <summary>What of torch this process has loaded.</summary>
internal static class TorchProcess
{
    /// <summary>The assemblies of a name.</summary>
    public static string[] Assemblies(string name) =>
        [.. AppDomain.CurrentDomain.GetAssemblies().Where(assembly => assembly.GetName().Name == name).Select(assembly => assembly.Location)];

    /// <summary>The native libraries whose file has this in its name; on Linux only.</summary>
    public static string[] NativeLibraries(string part) =>
        [.. File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..]).Where(path => Path.GetFileName(path).Contains(part)).Distinct()];
}
