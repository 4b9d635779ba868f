namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The paper's literal start as an option of the trainer.</summary>
public static class LiteralStartExtensions
{
    private static readonly InitialWeightsHook Hook = new(LiteralStart.ReadThroughPermutation);

    /// <param name="options">Options of a training with a key.</param>
    extension(PermutedSegmentationTrainer.Options options)
    {
        /// <summary>
        /// Whether the initial weights, given or random, are what the network reads its permuted feature maps with: the
        /// paper's literal way (Fig. 3), made to reproduce its Table I. Only with a key. When false, they are the plain weights.
        /// </summary>
        /// <remarks>
        /// The <see cref="PermutedSegmentationTrainer.Options.InitialWeights"/> are then the weights that are stored before the first step, and
        /// training starts from these with the protection undone. For random weights nothing changes on average, since no channel is different from
        /// another. Pretrained weights are read in an order other than the one that they were trained in, so what they have learned about the
        /// permuted maps is lost: this costs accuracy, and the default does not.
        /// </remarks>
        public bool ReadInitialWeightsThroughPermutation
        {
            get => options.InitialWeightsHook == Hook;
            set => options.InitialWeightsHook = value ? Hook : null;
        }
    }
}
