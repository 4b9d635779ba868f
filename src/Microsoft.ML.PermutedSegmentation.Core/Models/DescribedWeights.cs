namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>The tensors that a model's description promises.</summary>
internal static class DescribedWeights
{
    /// <summary>Their names and shapes, in the order of the network.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Of(ModelDescription description)
    {
        var weights = new List<(string, long[])>();
        FcnArchitecture network = description.Architecture;
        int channels = network.BaseWidth;
        Convolution("backbone.conv1", "backbone.bn1", channels, 3, 7);
        for (int stage = 1; stage <= 4; stage++)
        {
            for (int block = 0; block < network.BlocksOf(stage); block++)
            {
                string name = $"backbone.layer{stage}.{block}";
                int inputs = channels, width = network.WidthOf(stage);
                channels = network.ChannelsOf((FeatureMaps)(1 << stage));
                if (network.Block == ResidualBlock.Bottleneck)
                {
                    Convolution($"{name}.conv1", $"{name}.bn1", width, inputs, 1);
                    Convolution($"{name}.conv2", $"{name}.bn2", width, width, 3);
                    Convolution($"{name}.conv3", $"{name}.bn3", channels, width, 1);
                }
                else
                {
                    Convolution($"{name}.conv1", $"{name}.bn1", width, inputs, 3);
                    Convolution($"{name}.conv2", $"{name}.bn2", channels, width, 3);
                }
                if (network.HasProjection(stage, block))
                    Convolution($"{name}.downsample.0", $"{name}.downsample.1", channels, inputs, 1);
            }
        }
        int features = network.ChannelsOf(FeatureMaps.Head);
        Convolution("classifier.0", "classifier.1", features, channels, 3);
        weights.Add(("classifier.4.weight", [network.ClassCount, features, 1, 1]));
        weights.Add(("classifier.4.bias", [network.ClassCount]));
        return weights;

        void Convolution(string name, string norm, int outputs, int inputs, int kernel)
        {
            weights.Add(($"{name}.weight", [outputs, inputs, kernel, kernel]));
            foreach (string part in (string[])["weight", "bias", "running_mean", "running_var"])
                weights.Add(($"{norm}.{part}", [outputs]));
        }
    }
}
