namespace Workbench.Report;

/// <summary>Numbers as the report writes them.</summary>
internal static class ReportText
{
    /// <summary>In place of what was not run or does not exist.</summary>
    public const string Dash = "–";

    /// <summary>Four digits, as in the paper.</summary>
    public static string Ratio(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("0.0000") : Dash;

    public static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Round(seconds));
        return time switch
        {
            { TotalHours: >= 1 } => $"{(int)time.TotalHours} h {time.Minutes} min",
            { TotalMinutes: >= 1 } => $"{time.Minutes} min {time.Seconds} s",
            _ => $"{time.Seconds} s",
        };
    }
}
