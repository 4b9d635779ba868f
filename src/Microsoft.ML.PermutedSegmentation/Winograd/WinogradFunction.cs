using Microsoft.ML.PermutedSegmentation.Tensors;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>
/// <see cref="WinogradConvolution"/> for training. The gradient of the input is such a convolution itself; that of the weights goes
/// through the transposed transforms: with y = A' [(G g G') x (B' d B)] A it is G' [(A dy A') x (B' d B)] G, summed over all tiles.
/// </summary>
/// <remarks>
/// <para>Whatever is four times the size of the weights is only made for a slice of channels at a time: fresh memory from the operating
/// system takes longer to get than to fill.</para>
/// <para>Who frees which tensor. A tensor of TorchSharp is one reference to memory that libtorch shares with others; to dispose it gives
/// up this one reference.</para>
/// <list type="bullet">
/// <item>What a method makes on its way belongs to the dispose scope at its top, and is gone when it returns.</item>
/// <item><see cref="Convolve"/> makes a reference of its own to x, since the caller is free to dispose his. No scope has it:
/// <see cref="SavedForBackward"/> does, from the forward pass to the backward pass. It is not given to autograd to keep
/// (save_for_backward), which would hold it until the whole graph is freed, long after backward has used it.</item>
/// <item>The weights belong to their layer, and are never disposed here.</item>
/// <item><see cref="backward"/> is called at most once for each call of <see cref="forward"/>, on the thread that called the loss's backward, and
/// so inside of the dispose scope that is open there. It disposes the gradient that it is given, a reference that TorchSharp made
/// for this call alone, and x: they are the largest tensors of a training, and libtorch can use their memory for the layers below.</item>
/// <item>The gradients that it returns have to live until libtorch has taken references of its own, after it has returned. They go to the
/// scope of whoever called the loss's backward.</item>
/// <item>Where backward is never called, as after an exception, the garbage collector frees x.</item>
/// </list>
/// </remarks>
internal sealed class WinogradFunction : autograd.SingleTensorFunction<WinogradFunction>
{
    private const int TilesAtOnce = 256, WeightsAtOnce = 1 << 17;

    public override string Name => nameof(WinogradFunction);

    /// <summary>From [N, channels, H, W], channels last in memory, to [N, outputs, H, W], likewise; the padding keeps the size.</summary>
    /// <param name="x">What is read.</param>
    /// <param name="weights">[outputs, channels, 3, 3], which <see cref="WinogradConvolution"/> suits.</param>
    /// <param name="dilation">Distance of the inputs that a kernel reads.</param>
    public static Tensor Convolve(Tensor x, Tensor weights, long dilation)
    {
        if (!is_grad_enabled())
            return Compute(x, weights, (int)dilation);
        using var scope = NewDisposeScope();
        var saved = new SavedForBackward(x.detach().MoveToOuterDisposeScope(), NeedsInputGradient: x.requires_grad, weights, (int)dilation);
        return apply(x, weights, saved).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var saved = (SavedForBackward)vars[2];
        ctx.save_data(nameof(SavedForBackward), saved);
        return Compute(saved.X, saved.Weights, saved.Dilation);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var saved = (SavedForBackward)ctx.get_data(nameof(SavedForBackward));
        using Tensor outputGradient = grad_output, x = saved.X;
        Tensor? ofInput = saved.NeedsInputGradient ? InputGradient(outputGradient, saved.Weights, saved.Dilation) : null;
        Tensor? ofWeights = saved.Weights.requires_grad ? WeightGradient(x, outputGradient, saved.Dilation) : null;
        return [ofInput?.MoveToOuterDisposeScope()!, ofWeights?.MoveToOuterDisposeScope()!, null!];
    }

    // The convolution.
    private static Tensor Compute(Tensor x, Tensor weights, int dilation)
    {
        using var scope = NewDisposeScope();
        var tiles = new WinogradTiles((int)x.shape[2], (int)x.shape[3], dilation);
        (int outputs, int channels) = ((int)weights.shape[0], (int)weights.shape[1]);
        Tensor output = empty(x.shape[0], tiles.Height, tiles.Width, outputs);
        Tensor[] from = MapsOf(x), to = output.unbind();
        Tensor kernels = WinogradTransforms.InOrder(weights);
        foreach (Slice rows in tiles.CutRows(from.Length, TilesAtOnce))
        {
            using WinogradProducts read = WinogradTransforms.OfInputs(tiles, from, rows, new Slice(0, channels));
            foreach (Slice block in CutChannels(outputs, weightsOfEach: channels))
            {
                using WinogradProducts transformed = WinogradTransforms.OfKernels(kernels, block), products = read.Multiply(transformed);
                WinogradTransforms.ToOutputs(products, bias: null, relu: false, tiles, to, rows.First, block.First);
            }
        }
        return output.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    // A convolution with the kernels turned round, from the outputs to the channels.
    private static Tensor InputGradient(Tensor outputGradient, Tensor weights, int dilation) =>
        Compute(outputGradient, weights.transpose(0, 1).flip(2, 3), dilation);

    // Of the weights that made the output from x.
    private static Tensor WeightGradient(Tensor x, Tensor outputGradient, int dilation)
    {
        using var scope = NewDisposeScope();
        var tiles = new WinogradTiles((int)x.shape[2], (int)x.shape[3], dilation);
        (int outputs, int channels) = ((int)outputGradient.shape[1], (int)x.shape[1]);
        Tensor gradient = zeros(outputs, channels, 3, 3);
        Tensor[] inputs = MapsOf(x), gradients = MapsOf(outputGradient);
        foreach (Slice rows in tiles.CutRows(inputs.Length, TilesAtOnce))
        {
            using WinogradProducts above = WinogradTransforms.OfOutputs(tiles, gradients, rows, new Slice(0, outputs));
            using Tensor across = above.Matrices.transpose(1, 2);
            foreach (Slice block in CutChannels(channels, weightsOfEach: outputs))
            {
                using WinogradProducts read = WinogradTransforms.OfInputs(tiles, inputs, rows, block);
                using Tensor products = bmm(across, read.Matrices), part = gradient.narrow(1, block.First, block.Count), more = WinogradTransforms.ToWeights(products);
                part.Add(more);
            }
        }
        return gradient.MoveToOuterDisposeScope();
    }

    // [H, W, channels] of each image.
    private static Tensor[] MapsOf(Tensor x) => x.permute(0, 2, 3, 1).contiguous().unbind();

    // Some vectors of channels at a time, as many as have no more than so many weights.
    private static IEnumerable<Slice> CutChannels(int channels, int weightsOfEach) =>
        Slice.Cut(channels, Math.Max(WeightsAtOnce / weightsOfEach / WinogradRows.ChannelsTogether, 1) * WinogradRows.ChannelsTogether);

    private sealed record SavedForBackward(Tensor X, bool NeedsInputGradient, Tensor Weights, int Dilation);
}
