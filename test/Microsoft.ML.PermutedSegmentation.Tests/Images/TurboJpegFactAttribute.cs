using System.Runtime.InteropServices;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A test that needs the system's libjpeg-turbo.</summary>
internal sealed class TurboJpegFactAttribute : FactAttribute
{
    private const string Library = "libturbojpeg.so.0";

    public TurboJpegFactAttribute() => Skip = !OperatingSystem.IsLinux()
        ? "It is used on Linux only."
        : NativeLibrary.TryLoad(Library, out _) ? null : DebianPackages.FindMissing(["libturbojpeg0"], [$"/usr/lib/x86_64-linux-gnu/{Library}"]);
}
