namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What an attack made of a stolen model.</summary>
/// <param name="Method">What was tried.</param>
/// <param name="LabelledImages">How many labelled images it took; 0 for none; of <see cref="AttackMethod.OracleDistillation"/> how many it asked for.</param>
/// <param name="MisplacedShare">
/// Of an attack that guesses permutations, the share of channels of the keyed maps that are not in their place, 0 to 1; otherwise not a number.
/// </param>
/// <param name="MeanIntersectionOverUnion">Mean IoU over the test set.</param>
/// <param name="MeanImageIntersectionOverUnion">Mean over test images of each one's mean IoU, the paper's number.</param>
/// <param name="PixelAccuracy">Share of labelled test pixels with the right class.</param>
/// <param name="Seconds">How long it took, without its evaluation.</param>
public sealed record AttackResult(
    AttackMethod Method, int LabelledImages, double MisplacedShare,
    double MeanIntersectionOverUnion, double MeanImageIntersectionOverUnion, double PixelAccuracy, double Seconds);
