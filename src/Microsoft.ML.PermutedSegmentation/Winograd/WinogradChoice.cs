using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>Which convolutions are computed with fewer multiplications (see <see cref="WinogradTransforms"/>), to train and to score.</summary>
internal static class WinogradChoice
{
    // With fewer channels or a smaller map libtorch's own convolution is as fast, as it is where tiles reach far beyond the map.
    private const int LeastChannels = 128, LeastPixels = 128;
    private const double MostCoverage = 1.5;

    /// <summary>Whether a convolution can be computed in this way, and whether it gets faster.</summary>
    /// <param name="weights">[outputs, channels, kernel height, kernel width].</param>
    /// <param name="stride">Distance of the places where the kernel is put.</param>
    /// <param name="dilation">Distance of the inputs that a kernel reads.</param>
    /// <param name="height">Height of the map that is read.</param>
    /// <param name="width">Width of the map that is read.</param>
    public static bool Suits(Tensor weights, long stride, long dilation, long height, long width)
    {
        if (stride != 1 || weights.device_type != TorchSharp.DeviceType.CPU || weights.dtype != ScalarType.Float32 || weights.shape is not [var outputs, var channels, 3, 3])
            return false;
        return IsManyVectors(outputs) && IsManyVectors(channels) && height * width >= LeastPixels
            && new WinogradTiles((int)height, (int)width, (int)dilation).Coverage <= MostCoverage;
    }

    private static bool IsManyVectors(long channels) => channels >= LeastChannels && channels % WinogradRows.ChannelsTogether == 0;
}
