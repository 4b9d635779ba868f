using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>
/// Changes nothing, and tells when the gradient comes by: autograd works on what was computed last first, so the gradients of all layers behind this place
/// are there by then. (TorchSharp shows none of libtorch's own hooks.)
/// </summary>
internal sealed class GradientTap : autograd.SingleTensorFunction<GradientTap>
{
    private const string Told = nameof(Told);

    public override string Name => nameof(GradientTap);

    /// <summary>The same values, as a new handle.</summary>
    /// <param name="x">The values.</param>
    /// <param name="tell">Called in the backward pass; what it throws ends the process.</param>
    public static Tensor Apply(Tensor x, Action tell) => x.requires_grad ? apply(x, tell) : x.alias();

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(Told, vars[1]);
        return ((Tensor)vars[0]).alias();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        ((Action)ctx.get_data(Told))();
        return [grad_output, null!];
    }
}
