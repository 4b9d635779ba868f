namespace Workbench.Tables;

/// <summary>All that the tables and the report are made of, as <c>tables.json</c> holds it.</summary>
/// <param name="Settings">How the models were trained and tried.</param>
/// <param name="Data">What they were trained and tried on.</param>
/// <param name="BestConstantClass">A floor: giving every pixel the same class, the one with the best mean IoU.</param>
/// <param name="MostFrequentClassPerPixel">A floor: giving each pixel the class that it has most often in the training masks.</param>
/// <param name="Models">The finished models, in the order of the tables.</param>
internal sealed record TablesResult(
    TablesSettings Settings,
    DataSummary Data,
    Scores BestConstantClass,
    Scores MostFrequentClassPerPixel,
    IReadOnlyList<ModelResult> Models);

/// <summary>The images behind the numbers.</summary>
/// <param name="Name">The name of the VOC folder, without its path.</param>
/// <param name="TrainList">The list of training images.</param>
/// <param name="TrainImages">How many they are, with those held out to choose the epoch.</param>
/// <param name="TestList">The list of test images.</param>
/// <param name="TestImages">How many they are.</param>
/// <param name="ClassNames">The classes.</param>
internal sealed record DataSummary(string Name, string TrainList, int TrainImages, string TestList, int TestImages, IReadOnlyList<string> ClassNames);

/// <summary>What one model scored under one key condition.</summary>
/// <param name="MeanIntersectionOverUnion">VOC's mean IoU, over the data set.</param>
/// <param name="MeanImageIntersectionOverUnion">The paper's mean IoU, per image.</param>
/// <param name="PixelAccuracy">The share of pixels with the right class.</param>
internal sealed record Scores(double MeanIntersectionOverUnion, double MeanImageIntersectionOverUnion, double PixelAccuracy);
