using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Tensors;

/// <summary>The native libraries that tensors need. The application brings them: 460 MB for one system are no matter of a library's.</summary>
internal static class LibTorch
{
    // Those that there are packages for.
    private static readonly string[] Systems = ["linux-x64", "win-x64", "win-arm64", "osx-arm64"];

    private static readonly Lazy<string?> Fault = new(Find);

    /// <summary>Checks that they load, before TorchSharp fails without saying what to do.</summary>
    /// <exception cref="DllNotFoundException">They do not.</exception>
    public static void Require()
    {
        if (Fault.Value is { } fault)
            throw new DllNotFoundException(fault);
    }

    /// <summary>What to say where libtorch is missing.</summary>
    /// <param name="system">Such as linux-x64.</param>
    /// <param name="version">The version that TorchSharp is made for.</param>
    internal static string Advice(string system, string version) => Systems.Contains(system)
        ? $"libtorch is missing: add the package libtorch-cpu-{system}, version {version}, to the application's project."
        : $"libtorch is missing, and there is no package of it for {system}, only for {string.Join(", ", Systems)}.";

    private static string? Find()
    {
        Assembly loading = typeof(torch).Assembly;
        // As TorchSharp does it: the second one needs the first. The system may have another libtorch, which is of no use.
        NativeLibrary.TryLoad("torch_cpu", loading, null, out _);
        try
        {
            NativeLibrary.Load("LibTorchSharp", loading, null);
            return null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            return IsInApplication() ? $"libtorch is there, but TorchSharp's native library for it does not load: {exception.Message}" : Advice(System(), Version());
        }
    }

    private static bool IsInApplication()
    {
        string name = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";
        string[] folders = [AppContext.BaseDirectory, .. (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string)?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? []];
        return folders.Any(folder => File.Exists(Path.Combine(folder, name)));
    }

    private static string Version() =>
        typeof(LibTorch).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "LibTorchVersion").Value!;

    private static string System()
    {
        string kind = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        return $"{kind}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
    }
}
