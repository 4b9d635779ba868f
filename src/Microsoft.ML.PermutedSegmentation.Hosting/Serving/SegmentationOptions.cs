namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Which model is served, and how.</summary>
public sealed class SegmentationOptions
{
    /// <summary>The model's file. When it changes, the new model takes the old one's place.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>
    /// Opens the file with the key (null if <see cref="Key"/> is): <c>(path, key) => TorchSegmenter.Load(path, key)</c>, or <c>OnnxSegmenter.Load</c>. The
    /// model must then be unlocked, or need no key.
    /// </summary>
    public Func<string, PermutationKey?, ISegmentationModel>? Load { get; set; }

    /// <summary>
    /// Where the key comes from, such as <c>services => services.GetRequiredService&lt;IConfiguration&gt;().GetPermutationKey("Segmentation:Key")</c>;
    /// null for a model that needs none. It is asked at every <see cref="ReloadInterval"/>, and what it returns is disposed at once.
    /// </summary>
    public Func<IServiceProvider, PermutationKey>? Key { get; set; }

    /// <summary>The most images that run through the network together, 8 by default. 1 for a model that reads images by windows, since those gain nothing.</summary>
    public int MaximumBatchSize { get; set; } = 8;

    /// <summary>How long a request waits for others to share a batch with, 2 milliseconds by default; zero: not at all.</summary>
    public TimeSpan BatchDelay { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How many requests may wait, 64 by default; others are refused with <see cref="SegmentationBusyException"/>.</summary>
    public int QueueCapacity { get; set; } = 64;

    /// <summary>How often the model's file and the key are looked at, every 2 seconds by default; <see cref="Timeout.InfiniteTimeSpan"/>: never again once a model is there.</summary>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>What is wrong with these options; null: nothing.</summary>
    internal string? FindProblem() => this switch
    {
        { ModelPath: null or "" } => "SegmentationOptions.ModelPath is not set: it names the model's file.",
        { Load: null } => "SegmentationOptions.Load is not set; set it to (path, key) => TorchSegmenter.Load(path, key), or to OnnxSegmenter's.",
        { MaximumBatchSize: < 1 } => $"SegmentationOptions.MaximumBatchSize is {MaximumBatchSize}; it must be 1 or more.",
        { QueueCapacity: < 1 } => $"SegmentationOptions.QueueCapacity is {QueueCapacity}; it must be 1 or more.",
        _ when BatchDelay < TimeSpan.Zero || BatchDelay > TimeSpan.FromSeconds(10) => $"SegmentationOptions.BatchDelay is {BatchDelay}; it must be from 0 to 10 seconds.",
        _ when ReloadInterval != Timeout.InfiniteTimeSpan && (ReloadInterval < TimeSpan.FromMilliseconds(10) || ReloadInterval > TimeSpan.FromDays(1)) =>
            $"SegmentationOptions.ReloadInterval is {ReloadInterval}; it must be from 10 milliseconds to a day, or Timeout.InfiniteTimeSpan.",
        _ => null,
    };
}
