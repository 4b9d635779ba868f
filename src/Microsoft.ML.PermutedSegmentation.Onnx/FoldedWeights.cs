using Google.Protobuf;
using Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>A network's weights with batch norm folded into the convolutions, as ONNX wants them: a weight and a bias per convolution, by torchvision's names.</summary>
internal static class FoldedWeights
{
    /// <summary>The folded weights and biases of a network's state.</summary>
    /// <param name="entries">The network's state, plain or protected; its tensors stay the caller's.</param>
    public static IReadOnlyDictionary<string, TensorProto> Of(IEnumerable<(string Name, Tensor Value)> entries)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Dictionary<string, Tensor> state = entries.ToDictionary(entry => entry.Name, entry => entry.Value.cpu());
        var result = new Dictionary<string, TensorProto>();
        foreach (string convolution in BatchNormFolding.ConvolutionsOf(state))
        {
            (Tensor weights, Tensor bias) = BatchNormFolding.Fold(state, convolution);
            Add(convolution + ".weight", weights);
            Add(convolution + ".bias", bias);
        }
        return result;

        void Add(string name, Tensor value) => result[name] = new TensorProto
        {
            Name = name,
            DataType = (int)TensorProto.Types.DataType.Float,
            Dims = { value.shape },
            RawData = ByteString.CopyFrom(value.contiguous().bytes),
        };
    }
}
