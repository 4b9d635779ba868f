using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Tables;

/// <summary>How the models of the tables are trained and tried.</summary>
/// <param name="Preset">paper, small or smoke: where the other values come from.</param>
/// <param name="Backbone">Depth of the network.</param>
/// <param name="OutputStride">How many times smaller the last feature map is than the image.</param>
/// <param name="ImageHeight">Height that images are resized to, in pixels.</param>
/// <param name="ImageWidth">Width that images are resized to, in pixels.</param>
/// <param name="Epochs">How often each image is seen.</param>
/// <param name="BatchSize">Images per step of the optimizer.</param>
/// <param name="LearningRate">The learning rate at the start and after each restart.</param>
/// <param name="WeightDecay">The L2 penalty on the weights.</param>
/// <param name="RestartPeriod">Epochs from one warm restart of the learning rate to the next.</param>
/// <param name="WrongKeys">How many wrong keys each model is tried with.</param>
/// <param name="Seed">Where every random number comes from, the keys included.</param>
/// <param name="IsLiteral">Whether each Model-n is trained on its own, reading its initial weights through the permutation as the paper does.</param>
/// <param name="InitialWeights">The name of the file that trainings start from; null when they start from random weights.</param>
internal sealed record TablesSettings(
    string Preset,
    Backbone Backbone,
    int OutputStride,
    int ImageHeight,
    int ImageWidth,
    int Epochs,
    int BatchSize,
    double LearningRate,
    double WeightDecay,
    int RestartPeriod,
    int WrongKeys,
    int Seed,
    bool IsLiteral,
    string? InitialWeights = null);
