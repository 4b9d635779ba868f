namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Where the network's literal form permutes channels: one of the six feature maps, or the input of one other convolution
/// (<see cref="FeatureMaps.Inner"/>).
/// </summary>
/// <param name="Map">The map; None for a convolution.</param>
/// <param name="Convolution">The convolution's name in the network's state, such as backbone.layer1.0.conv2; null for a map.</param>
internal readonly record struct PermutationPoint(FeatureMaps Map, string? Convolution = null)
{
    public static implicit operator PermutationPoint(FeatureMaps map) => new(map);

    /// <summary>The input of a convolution.</summary>
    public static PermutationPoint InputOf(string convolution) => new(FeatureMaps.None, convolution);

    public override string ToString() => Convolution is null ? $"{Map}" : $"the input of {Convolution}";
}
