using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A test that needs the system's libjpeg-turbo.</summary>
internal sealed class TurboJpegFactAttribute : FactAttribute
{
    public TurboJpegFactAttribute() => Skip = DebianPackages.FindMissing(["libturbojpeg0"], ["/usr/lib/x86_64-linux-gnu/libturbojpeg.so.0"]);
}
