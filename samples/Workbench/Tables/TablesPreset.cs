using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Tables;

/// <summary>Settings that go together.</summary>
internal static class TablesPreset
{
    public static readonly IReadOnlyList<TablesSettings> All =
    [
        // Sec. III-A.
        new("paper", Backbone.ResNet50, OutputStride: 8, ImageHeight: 256, ImageWidth: 256, Epochs: 100, BatchSize: 256,
            LearningRate: 0.1, WeightDecay: 0.005, RestartPeriod: 10, WrongKeys: 100, Seed: 1, IsLiteral: false),
        // Hours instead of weeks on a computer without a GPU.
        new("small", Backbone.ResNet18, OutputStride: 8, ImageHeight: 96, ImageWidth: 128, Epochs: 10, BatchSize: 16,
            LearningRate: 0.1, WeightDecay: 0.0005, RestartPeriod: 10, WrongKeys: 20, Seed: 1, IsLiteral: false),
        // Shows in a few minutes that everything works; its numbers mean nothing.
        new("smoke", Backbone.ResNet18, OutputStride: 16, ImageHeight: 64, ImageWidth: 64, Epochs: 1, BatchSize: 8,
            LearningRate: 0.1, WeightDecay: 0.0005, RestartPeriod: 10, WrongKeys: 3, Seed: 1, IsLiteral: false),
    ];
}
