namespace PublicTests.TorchTrainers;

/// <summary>A row for ML.NET's trainers of sentences.</summary>
internal sealed class SentenceRow
{
    public string Sentence1 { get; set; } = "";

    public string Sentence2 { get; set; } = "";

    public string Class { get; set; } = "";

    public float Similarity { get; set; }

    /// <summary>A name for each word.</summary>
    public string[] Entities { get; set; } = [];

    public string Question { get; set; } = "";

    public string Answer { get; set; } = "";

    public int AnswerIndex { get; set; }

    public static IDataView View(MLContext mlContext) => mlContext.Data.LoadFromEnumerable<SentenceRow>(
    [
        new() { Sentence1 = "The road is wet", Sentence2 = "It has rained", Class = "weather", Similarity = 0.8f, Entities = ["0", "road", "0", "0"], Question = "What is wet?", Answer = "road", AnswerIndex = 4 },
        new() { Sentence1 = "The car is red", Sentence2 = "It has rained", Class = "traffic", Similarity = 0.1f, Entities = ["0", "car", "0", "0"], Question = "What is red?", Answer = "car", AnswerIndex = 4 },
    ]);
}
