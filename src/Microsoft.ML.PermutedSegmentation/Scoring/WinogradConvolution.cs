using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// A 3x3 convolution of stride 1 with fewer multiplications: 16 neighbouring outputs of a channel come from 36 products per channel
/// read, not from 144 (see <see cref="WinogradTransforms"/>). The same result up to rounding, for four times the memory of the weights.
/// </summary>
internal sealed class WinogradConvolution : ScoringConvolution
{
    // How many tiles are in memory at once, with 36 values for each 16 of the map: the product of so many is as fast as that of all.
    private const int TilesAtOnce = 128;

    private readonly WinogradProducts _kernels;
    private readonly Tensor _bias;
    private readonly int _dilation;

    /// <summary>Copies the weights.</summary>
    /// <param name="weights">[outputs, channels, 3, 3], on the CPU.</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="dilation">Distance of the inputs that a kernel reads; the padding is as wide.</param>
    public WinogradConvolution(Tensor weights, Tensor bias, int dilation)
    {
        using Tensor inOrder = WinogradTransforms.InOrder(weights);
        _kernels = WinogradTransforms.OfKernels(inOrder, new Slice(0, (int)weights.shape[0]));
        _bias = bias.clone().DetachFromDisposeScope();
        _dilation = dilation;
    }

    /// <inheritdoc/>
    public override Tensor Run(Tensor x, bool relu = false)
    {
        using var scope = NewDisposeScope();
        var tiles = new WinogradTiles((int)x.shape[2], (int)x.shape[3], _dilation);
        Tensor output = empty(x.shape[0], tiles.Height, tiles.Width, _kernels.Columns);
        Tensor[] from = x.permute(0, 2, 3, 1).contiguous().unbind(), to = output.unbind();
        var channels = new Slice(0, (int)x.shape[1]);
        foreach (Slice rows in tiles.CutRows(from.Length, TilesAtOnce))
        {
            using WinogradProducts read = WinogradTransforms.OfInputs(tiles, from, rows, channels), products = read.Multiply(_kernels);
            WinogradTransforms.ToOutputs(products, _bias, relu, tiles, to, rows.First, firstChannel: 0);
        }
        return output.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _kernels.Dispose();
        _bias.Dispose();
    }
}
