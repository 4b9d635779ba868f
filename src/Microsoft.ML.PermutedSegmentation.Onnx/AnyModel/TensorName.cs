namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>A name in a graph, in its parts: a file may have very many tensors, and what they are called is seldom needed.</summary>
/// <param name="Owner">The tensor's own name, or that of the node that holds it.</param>
/// <param name="Attribute">The node's attribute; null where there is none, or only one.</param>
/// <param name="Index">Which of several; null: there is one.</param>
/// <param name="Part">The part of a sparse tensor; null: it is none.</param>
internal readonly record struct TensorName(string Owner, string? Attribute = null, int? Index = null, string? Part = null)
{
    public override string ToString() => string.Join('/', ((string?[])[Owner, Attribute, Index?.ToString(System.Globalization.CultureInfo.InvariantCulture), Part]).OfType<string>());
}
