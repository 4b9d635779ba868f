using System.Text.Json.Serialization;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Inspection;
using Workbench.Tables;

namespace Workbench;

/// <summary>What <see cref="MetricsJson"/> writes and reads: without reflection, which trimmed applications switch off.</summary>
[JsonSerializable(typeof(SegmentationMetrics))]
[JsonSerializable(typeof(KeySweep))]
[JsonSerializable(typeof(AttackResult[]))]
[JsonSerializable(typeof(ModelReport))]
[JsonSerializable(typeof(OnnxProtectionInfo))]
[JsonSerializable(typeof(ModelResult))]
[JsonSerializable(typeof(TrainingResult))]
[JsonSerializable(typeof(Floors))]
[JsonSerializable(typeof(RunIdentity))]
[JsonSerializable(typeof(TablesResult))]
internal sealed partial class MetricsTypes : JsonSerializerContext;
