using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// Batch norm folded into the convolution before it: in evaluation both are linear, so together they are one convolution with
/// a bias. The same for a network as it is stored, protected: a re-ordering of outputs re-orders both alike.
/// </summary>
internal static class BatchNormFolding
{
    // PyTorch's default, which every ResNet has.
    private const double Epsilon = 1e-5;

    private const string Weight = ".weight";

    /// <summary>The names of all convolutions of a network, in its order.</summary>
    public static IEnumerable<string> ConvolutionsOf(IReadOnlyDictionary<string, Tensor> state)
        => state.Where(entry => entry.Value.shape.Length == 4).Select(entry => entry.Key[..^Weight.Length]);

    /// <summary>The weights and the bias of one convolution, folded by factors computed in double precision; both are the caller's.</summary>
    /// <param name="state">A network's state, plain or protected, by torchvision's names.</param>
    /// <param name="convolution">One of <see cref="ConvolutionsOf"/>.</param>
    public static (Tensor Weights, Tensor Bias) Fold(IReadOnlyDictionary<string, Tensor> state, string convolution)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor weights = state[convolution + Weight];
        if (NormBehind(convolution) is not { } norm)
            return (weights.detach().MoveToOuterDisposeScope(), state[convolution + ".bias"].detach().MoveToOuterDisposeScope());
        Tensor scale = Double(norm + Weight) / (Double(norm + ".running_var") + Epsilon).sqrt();
        Tensor bias = Double(norm + ".bias") - Double(norm + ".running_mean") * scale;
        Tensor folded = weights.mul(scale.to(ScalarType.Float32).reshape(-1, 1, 1, 1));
        return (folded.MoveToOuterDisposeScope(), bias.to(ScalarType.Float32).MoveToOuterDisposeScope());

        Tensor Double(string name) => state[name].to(ScalarType.Float64);
    }

    // Null behind the classifier.
    private static string? NormBehind(string convolution) => convolution switch
    {
        "classifier.4" => null,
        "classifier.0" => "classifier.1",
        _ when convolution.EndsWith(".downsample.0", StringComparison.Ordinal) => convolution[..^1] + "1",
        _ => convolution.Replace(".conv", ".bn", StringComparison.Ordinal),
    };
}
