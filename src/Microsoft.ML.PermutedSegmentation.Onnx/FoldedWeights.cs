using Google.Protobuf;
using Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A network's weights with batch norm folded into the convolutions: what is left of it are a weight and a bias per convolution, by
/// torchvision's names. The same for a network as it is stored, protected: a re-ordering of outputs re-orders both alike.
/// </summary>
internal static class FoldedWeights
{
    private const string Weight = ".weight";

    // PyTorch's default, which every ResNet has.
    private const double Epsilon = 1e-5;

    /// <summary>The weights and biases of a network's state, folded in double precision and rounded once.</summary>
    /// <param name="entries">The network's state, plain or protected; its tensors stay the caller's.</param>
    public static IReadOnlyDictionary<string, TensorProto> Of(IEnumerable<(string Name, Tensor Value)> entries)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Dictionary<string, Tensor> state = entries.ToDictionary(entry => entry.Name, entry => entry.Value.cpu());
        var result = new Dictionary<string, TensorProto>();
        foreach ((string name, Tensor weights) in state.Where(entry => entry.Value.shape.Length == 4))
        {
            string convolution = name[..^Weight.Length];
            (Tensor folded, Tensor bias) = NormOf(convolution) is { } norm
                ? Fold(weights, state[norm + Weight], state[norm + ".bias"], state[norm + ".running_mean"], state[norm + ".running_var"])
                : (weights, state[convolution + ".bias"]);
            Add(name, folded);
            Add(convolution + ".bias", bias);
        }
        return result;

        void Add(string name, Tensor value) => result[name] = new TensorProto
        {
            Name = name,
            DataType = (int)TensorProto.Types.DataType.Float,
            Dims = { value.shape },
            RawData = ByteString.CopyFrom(value.to(ScalarType.Float32).contiguous().bytes),
        };
    }

    // The batch norm behind a convolution; null behind the classifier.
    private static string? NormOf(string convolution) => convolution switch
    {
        "classifier.4" => null,
        "classifier.0" => "classifier.1",
        _ when convolution.EndsWith(".downsample.0", StringComparison.Ordinal) => convolution[..^1] + "1",
        _ => convolution.Replace(".conv", ".bn", StringComparison.Ordinal),
    };

    private static (Tensor Weights, Tensor Bias) Fold(Tensor weights, Tensor gamma, Tensor beta, Tensor mean, Tensor variance)
    {
        Tensor scale = gamma.to(ScalarType.Float64) / (variance.to(ScalarType.Float64) + Epsilon).sqrt();
        return (weights.to(ScalarType.Float64) * scale.reshape(-1, 1, 1, 1), beta.to(ScalarType.Float64) - mean.to(ScalarType.Float64) * scale);
    }
}
