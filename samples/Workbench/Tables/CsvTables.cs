using System.Globalization;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Tables;

/// <summary>Tables as CSV (RFC 4180): one row a finished model, numbers in full, nothing where there is no number.</summary>
internal static class CsvTables
{
    private static readonly (string Name, Func<Scores, double> Of)[] Measures =
    [
        ("image_miou", scores => scores.MeanImageIntersectionOverUnion),
        ("voc_miou", scores => scores.MeanIntersectionOverUnion),
        ("pixel_accuracy", scores => scores.PixelAccuracy),
    ];

    public static string Format(PaperTable table)
    {
        var rows = table.Rows.Where(row => row.Model is not null).Select(row => Columns(row.Model!, row.Paper).ToList()).ToList();
        // A file without models still tells its columns.
        var names = Columns(Nothing, null).Select(column => column.Name);
        return string.Concat(rows.Select(row => row.Select(column => column.Value)).Prepend(names).Select(Line));
    }

    private static ModelResult Nothing => new("", FeatureMaps.None, null, null, "", [], 0, 0, new Scores(0, 0, 0), null, []);

    private static IEnumerable<(string Name, string Value)> Columns(ModelResult model, PaperScores? paper)
    {
        yield return ("model", model.Name);
        yield return ("feature_maps", Maps(model.FeatureMaps));
        yield return ("method", model.Method?.ToString() ?? "");
        yield return ("block_size", Text(model.BlockSize));
        yield return ("trained_as", model.TrainedAs);
        foreach (var (name, of) in Measures)
        {
            yield return ($"correct_{name}", Text(of(model.Correct)));
            yield return ($"no_key_{name}", Text(model.NoKey is null ? null : of(model.NoKey)));
            var spread = model.WrongKeys.Count == 0 ? null : KeySpread.Of([.. model.WrongKeys.Select(of)]);
            yield return ($"incorrect_{name}_mean", Text(spread?.Mean));
            yield return ($"incorrect_{name}_sd", Text(spread?.StandardDeviation));
            yield return ($"incorrect_{name}_min", Text(spread?.Minimum));
            yield return ($"incorrect_{name}_max", Text(spread?.Maximum));
        }
        yield return ("paper_correct_image_miou", Text(paper?.Correct));
        yield return ("paper_no_key_image_miou", Text(paper?.NoKey));
        yield return ("paper_incorrect_image_miou_mean", Text(paper?.Incorrect));
        yield return ("wrong_keys", Text(model.WrongKeys.Count));
        yield return ("best_epoch", Text(model.Epochs.LastOrDefault(epoch => epoch.IsBest)?.Epoch));
        yield return ("training_seconds", Text(model.TrainingSeconds));
        yield return ("evaluation_seconds", Text(model.EvaluationSeconds));
    }

    // The paper's numbers: 6, or 1 2 3 4 5 6.
    private static string Maps(FeatureMaps maps) => string.Join(' ', maps.Numbers());

    private static string Text(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture) ?? "";

    private static string Line(IEnumerable<string> fields) => string.Join(',', fields.Select(Quote)) + "\r\n";

    private static string Quote(string field) => field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"")}\"" : field;
}
