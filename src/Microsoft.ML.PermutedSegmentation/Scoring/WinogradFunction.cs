using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// <see cref="WinogradConvolution"/> for training. The gradient of the input is such a convolution itself; that of the weights goes
/// through the transposed transforms: with y = A' [(G g G') x (B' d B)] A it is G' [(A dy A') x (B' d B)] G, summed over all tiles.
/// </summary>
/// <remarks>
/// Whatever is four times the size of the weights is only made for a block of channels at a time: fresh memory from the operating
/// system takes longer to get than to fill.
/// </remarks>
internal sealed class WinogradFunction : autograd.SingleTensorFunction<WinogradFunction>
{
    private const int TilesAtOnce = 256, WeightsAtOnce = 1 << 17;

    // What backward last returned on this thread. Like what it reads, it is freed as soon as it can be, not with the whole graph.
    [ThreadStatic]
    private static Tensor?[]? _given;

    public override string Name => nameof(WinogradFunction);

    /// <summary>From [N, channels, H, W], channels last in memory, to [N, outputs, H, W], likewise; the padding keeps the size.</summary>
    /// <param name="x">What is read.</param>
    /// <param name="weights">[outputs, channels, 3, 3], which <see cref="WinogradConvolution"/> suits.</param>
    /// <param name="dilation">Distance of the inputs that a kernel reads.</param>
    public static Tensor Convolve(Tensor x, Tensor weights, long dilation)
    {
        if (!is_grad_enabled())
            return Run(x, weights, (int)dilation);
        using var scope = NewDisposeScope();
        var read = new Read(x.detach().MoveToOuterDisposeScope(), x.requires_grad, weights, (int)dilation);
        return apply(x, weights, read).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var read = (Read)vars[2];
        ctx.save_data(nameof(Read), read);
        return Run(read.X, read.Weights, read.Dilation);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        FreeGiven();
        var read = (Read)ctx.get_data(nameof(Read));
        using (Tensor above = grad_output, x = read.X)
        {
            Tensor? ofInput = read.XIsLearned ? Run(above, read.Weights.transpose(0, 1).flip(2, 3), read.Dilation) : null;
            Tensor? ofWeights = read.Weights.requires_grad ? WeightGradient(x, above, read.Dilation) : null;
            _given = [ofInput?.MoveToOuterDisposeScope(), ofWeights?.MoveToOuterDisposeScope()];
        }
        return [_given[0]!, _given[1]!, null!];
    }

    // libtorch has its own references by now.
    private static void FreeGiven()
    {
        foreach (Tensor? gradient in _given ?? [])
            gradient?.Dispose();
    }

    private static Tensor Run(Tensor x, Tensor weights, int dilation)
    {
        using var scope = NewDisposeScope();
        var tiles = new WinogradTiles((int)x.shape[2], (int)x.shape[3], dilation);
        (int outputs, int channels) = ((int)weights.shape[0], (int)weights.shape[1]);
        Tensor output = empty(x.shape[0], tiles.Height, tiles.Width, outputs);
        Tensor[] from = MapsOf(x), to = output.unbind();
        foreach ((int First, int Count) rows in tiles.Parts(from.Length, TilesAtOnce))
        {
            using Tensor read = WinogradTransforms.OfInputs(tiles, from, rows, (0, channels));
            foreach ((int first, int count) in Blocks(outputs, channels))
            {
                using Tensor part = weights.narrow(0, first, count), transformed = WinogradTransforms.OfWeights(part), products = bmm(read, transformed);
                WinogradTransforms.ToOutputs(products, null, relu: false, tiles, to, rows.First, first);
            }
        }
        return output.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    // Of the weights that made the output from x.
    private static Tensor WeightGradient(Tensor x, Tensor above, int dilation)
    {
        using var scope = NewDisposeScope();
        var tiles = new WinogradTiles((int)x.shape[2], (int)x.shape[3], dilation);
        (int outputs, int channels) = ((int)above.shape[1], (int)x.shape[1]);
        Tensor gradient = zeros(outputs, channels, 3, 3);
        Tensor[] from = MapsOf(x), to = MapsOf(above);
        foreach ((int First, int Count) rows in tiles.Parts(from.Length, TilesAtOnce))
        {
            using Tensor given = WinogradTransforms.OfOutputs(tiles, to, rows, (0, outputs)), across = given.transpose(1, 2);
            foreach ((int First, int Count) block in Blocks(channels, outputs))
            {
                using Tensor read = WinogradTransforms.OfInputs(tiles, from, rows, block), products = bmm(across, read);
                using Tensor part = gradient.narrow(1, block.First, block.Count), more = WinogradTransforms.ToWeights(products);
                part.add_(more);
            }
        }
        return gradient.MoveToOuterDisposeScope();
    }

    // [H, W, channels] of each image.
    private static Tensor[] MapsOf(Tensor x) => x.permute(0, 2, 3, 1).contiguous().unbind();

    // Channels in parts that have so many weights.
    private static IEnumerable<(int First, int Count)> Blocks(int channels, int weightsEach)
    {
        int atOnce = Math.Max(WeightsAtOnce / weightsEach / 16 * 16, 16);
        for (int first = 0; first < channels; first += atOnce)
            yield return (first, Math.Min(atOnce, channels - first));
    }

    // Learned is what has a gradient.
    private sealed record Read(Tensor X, bool XIsLearned, Tensor Weights, int Dilation);
}
