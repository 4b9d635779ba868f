namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>A tensor of a network's state: a learned parameter, or a running statistic.</summary>
/// <param name="Name">Its name in torchvision.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Role">What it is.</param>
/// <param name="Layer">The convolution that it belongs to, or whose batch norm it belongs to.</param>
public sealed record NetworkParameter(string Name, IReadOnlyList<long> Shape, ParameterRole Role, Convolution Layer)
{
    /// <summary>Whether training changes it by gradients.</summary>
    public bool IsLearned => Role is not (ParameterRole.RunningMean or ParameterRole.RunningVariance);

    /// <summary>The tensors of a convolution and of the batch norm behind it, in PyTorch's order.</summary>
    internal static IEnumerable<NetworkParameter> Of(Convolution layer)
    {
        yield return new($"{layer.Name}.weight", layer.WeightShape, ParameterRole.Weight, layer);
        if (layer.HasBias)
            yield return new($"{layer.Name}.bias", [layer.Channels], ParameterRole.Bias, layer);
        if (layer.Norm is not { } norm)
            yield break;
        yield return new($"{norm.Name}.weight", [layer.Channels], ParameterRole.NormWeight, layer);
        yield return new($"{norm.Name}.bias", [layer.Channels], ParameterRole.NormBias, layer);
        yield return new($"{norm.Name}.running_mean", [layer.Channels], ParameterRole.RunningMean, layer);
        yield return new($"{norm.Name}.running_var", [layer.Channels], ParameterRole.RunningVariance, layer);
    }
}
