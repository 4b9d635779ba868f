using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>What a network made of the images that it ran over last.</summary>
internal interface IPredictions
{
    /// <summary>Key values of an image, height x width.</summary>
    void GetLabels(int index, ref VBuffer<byte> value);

    /// <summary>Class probabilities of an image, classes x height x width.</summary>
    void GetProbabilities(int index, ref VBuffer<float> value);

    /// <summary>Height and width of an image's labels.</summary>
    void GetLabelSize(int index, ref VBuffer<int> value);

    /// <summary>Height and width that an image had.</summary>
    void GetImageSize(int index, ref VBuffer<int> value);
}
