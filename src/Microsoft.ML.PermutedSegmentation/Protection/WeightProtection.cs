using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Protection;

/// <summary>
/// Turns the plain weights of a network into protected ones and back, parameter by parameter. A network with permuted
/// feature maps and protected weights computes exactly what the plain network computes.
/// </summary>
internal sealed class WeightProtection
{
    private readonly ILookup<string, ChannelReordering> _reorderings;

    /// <inheritdoc cref="ChannelReorderings.For"/>
    public WeightProtection(FcnArchitecture architecture, IReadOnlyDictionary<FeatureMaps, int[]> permutations) =>
        _reorderings = ChannelReorderings.For(architecture, permutations).ToLookup(reordering => reordering.Parameter);

    /// <summary>The protected form of one plain parameter or buffer: a new handle, to the same storage if nothing changes.</summary>
    public Tensor Protect(string parameter, Tensor plain) =>
        Apply(parameter, plain, (reordering, weights) => reordering.Protect(weights));

    /// <summary>The plain form of one protected parameter or buffer: a new handle, to the same storage if nothing changes.</summary>
    public Tensor Unprotect(string parameter, Tensor locked) =>
        Apply(parameter, locked, (reordering, weights) => reordering.Unprotect(weights));

    private Tensor Apply(string parameter, Tensor weights, Func<ChannelReordering, Tensor, Tensor> reorder)
    {
        using var _ = no_grad();
        var result = weights.alias();
        foreach (var reordering in _reorderings[parameter])
        {
            using var before = result;
            result = reorder(reordering, before);
        }
        return result;
    }
}
