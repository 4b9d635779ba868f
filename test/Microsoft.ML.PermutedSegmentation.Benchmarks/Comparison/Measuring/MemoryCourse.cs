using System.Globalization;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>Resident memory after every twentieth part of the work.</summary>
internal sealed class MemoryCourse(int total)
{
    public Dictionary<string, double> Numbers { get; } = [];

    /// <summary>Told how much is done.</summary>
    public void Note(int done)
    {
        if (done % (total / 20) == 0)
            Numbers[string.Create(CultureInfo.InvariantCulture, $"residentAfter{done}")] = ProcessStatus.ResidentMegabytes;
    }
}
