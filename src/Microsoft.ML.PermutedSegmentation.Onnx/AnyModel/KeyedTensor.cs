using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>A permuted tensor as a file's metadata names it.</summary>
/// <param name="Tensor">Its name in the file.</param>
/// <param name="Axis">The axis of its channels.</param>
/// <param name="Block">How many places on the axis stay together.</param>
internal sealed record KeyedTensor(string Tensor, int Axis, int Block);

/// <summary>Such tensors as JSON, without reflection, which trimmed applications do not have.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(KeyedTensor[]))]
internal sealed partial class KeyedTensorJson : JsonSerializerContext;
