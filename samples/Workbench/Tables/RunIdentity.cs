using System.Text.Json.Nodes;

namespace Workbench.Tables;

/// <summary>What must be the same for results to stand in one table, as <c>settings.json</c> holds it.</summary>
/// <param name="Settings">How models are trained and tried.</param>
/// <param name="Data">What they are trained and tried on.</param>
/// <param name="ListsDigest">Changes with any name in the lists of images.</param>
/// <param name="InitialWeightsDigest">Changes with the file of initial weights; null when they are random.</param>
internal sealed record RunIdentity(TablesSettings Settings, DataSummary Data, string ListsDigest, string? InitialWeightsDigest)
{
    /// <summary>What is not the same in another run, such as "seed is 1 there and 2 here".</summary>
    /// <param name="stored">The other run.</param>
    public IReadOnlyList<string> FindDifferences(RunIdentity stored)
    {
        Dictionary<string, string> there = Values(stored), here = Values(this);
        return [.. there.Keys.Union(here.Keys)
            .Where(name => there.GetValueOrDefault(name) != here.GetValueOrDefault(name))
            .Select(name => $"{name} is {there.GetValueOrDefault(name, "missing")} there and {here.GetValueOrDefault(name, "missing")} here")];
    }

    // The values by their names in the file, without the names of the objects that hold them.
    private static Dictionary<string, string> Values(RunIdentity identity)
    {
        var values = new Dictionary<string, string>();
        Add("", MetricsJson.ToNode(identity));
        return values;

        void Add(string name, JsonNode? node)
        {
            if (node is JsonObject members)
                foreach (var (member, value) in members)
                    Add(member, value);
            else
                values[name] = node?.ToJsonString() ?? "none";
        }
    }
}
