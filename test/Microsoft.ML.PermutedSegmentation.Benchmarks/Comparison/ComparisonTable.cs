using System.Globalization;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>The rows of one topic, as Markdown: ours, the peer, and ours as a multiple of the peer's.</summary>
internal sealed class ComparisonTable(string title, params string[] notes)
{
    private readonly List<string> _rows = [];

    /// <summary>Adds a row.</summary>
    /// <param name="what">What was measured, with its unit.</param>
    /// <param name="ours">Our number.</param>
    /// <param name="peer">The peer's; null where there is none.</param>
    /// <param name="peerName">Who the peer is.</param>
    /// <param name="scale">What to multiply both with, for example 1000 for milliseconds.</param>
    public void Add(string what, Statistic ours, Statistic? peer, string peerName, double scale = 1)
        => _rows.Add(peer is null
            ? $"| {what} | {Text(ours, scale)} | | | |"
            : $"| {what} | {Text(ours, scale)} | {Text(peer, scale)} | {peerName} | {(ours.Median / peer.Median).ToString("F2", CultureInfo.InvariantCulture)} |");

    public override string ToString()
    {
        var text = new StringBuilder($"### {title}\n\n| | ours | peer | peer is | ours / peer |\n|---|---:|---:|---|---:|\n");
        foreach (string row in _rows)
            text.Append(row).Append('\n');
        foreach (string note in notes)
            text.Append('\n').Append(note).Append('\n');
        return text.ToString();
    }

    private static string Text(Statistic value, double scale) => value.Least == value.Most
        ? Text(value.Median * scale)
        : $"{Text(value.Median * scale)} ({Text(value.Least * scale)} to {Text(value.Most * scale)})";

    // Three digits, or all of a whole number's.
    private static string Text(double value) => Math.Abs(value) >= 100
        ? value.ToString("F0", CultureInfo.InvariantCulture)
        : value.ToString("G3", CultureInfo.InvariantCulture);
}
