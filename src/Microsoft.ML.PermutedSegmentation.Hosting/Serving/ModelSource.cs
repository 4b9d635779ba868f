using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>Holds the model that is served, and loads it again when its file or the key changes. A model that runs stays until another one runs.</summary>
internal sealed partial class ModelSource(
    IServiceProvider services, IOptions<SegmentationOptions> options, TimeProvider time, ServingMetrics metrics, ILogger<ModelSource> logger) : IDisposable
{
    // What failed for want of memory, say, may be possible later.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private readonly SegmentationOptions _options = options.Value;
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(16);
    private readonly CancellationTokenSource _stopped = new();
    private volatile LoadedModel? _current;
    private volatile ModelProblem? _problem = new("The model is being loaded.", IsOfKey: false);
    private Task _watching = Task.CompletedTask;
    private ModelState _tried, _seen;
    private long _triedAt;

    /// <summary>The model; null: there is none yet.</summary>
    public ServedModel? Model => _current?.Description;

    /// <summary>What is wrong since the file or the key was looked at last; null: nothing.</summary>
    public ModelProblem? Problem => _problem;

    /// <summary>Begins to load the model, and to look after its file and key.</summary>
    public void Start() => _watching = Task.Run(WatchAsync);

    /// <summary>The model until the lease is disposed, whatever takes its place meanwhile; null: there is none.</summary>
    public (Shared<ISegmentationModel>.Lease Network, ServedModel Description)? Use()
    {
        while (_current is { } model)
        {
            try
            {
                return (model.Network.Use(), model.Description);
            }
            catch (ObjectDisposedException) when (model != _current)
            {
                // Another one took its place just now.
            }
        }
        return null;
    }

    /// <summary>Loads nothing more, and frees the model once nobody uses it.</summary>
    public void Dispose()
    {
        _stopped.Cancel();
        _watching.Wait();
        LoadedModel? last = _current;
        _current = null;
        _problem = new ModelProblem("The application stops.", IsOfKey: false);
        last?.Network.Dispose();
    }

    private async Task WatchAsync()
    {
        TimeSpan interval = _options.ReloadInterval == Timeout.InfiniteTimeSpan ? TimeSpan.FromSeconds(2) : _options.ReloadInterval;
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do
                Look();
            while ((_options.ReloadInterval != Timeout.InfiniteTimeSpan || _current is null) && await timer.WaitForNextTickAsync(_stopped.Token));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Look()
    {
        ModelState state = ModelState.Read(_options.ModelPath, _options.Key is { } read ? () => read(services) : null, _salt, out PermutationKey? key);
        using (key)
        {
            bool isOld = state == _tried && (_problem is null || Stopwatch.GetElapsedTime(_triedAt) < RetryAfter);
            // A file that is being written, and a key that comes a moment after its model, are waited for.
            bool changesYet = _current is not null && state != _seen;
            _seen = state;
            if (isOld || changesYet)
                return;
            (_tried, _triedAt) = (state, Stopwatch.GetTimestamp());
            Load(state, key);
        }
    }

    private void Load(ModelState state, PermutationKey? key)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            if ((state.KeyProblem ?? state.FileProblem) is { } reason)
                throw new InvalidOperationException(reason);
            var model = LoadedModel.Of(Open(key), _options.ModelPath, time.GetUtcNow());
            LoadedModel? old = _current;
            (_current, _problem) = (model, null);
            old?.Network.Dispose();
            LogLoaded(_options.ModelPath, model.Description.ClassNames.Count, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        // Whatever the application's way to open a file throws: one that cannot be opened must not end what runs.
        catch (Exception exception)
        {
            _problem = new ModelProblem(exception.Message, IsOfKey: state.KeyProblem is not null || exception is WrongKeyException);
            LogProblem(_problem.IsOfKey ? "key" : "model", _options.ModelPath, exception.Message, _current is null ? "no request can be answered" : "requests are answered with the model that was loaded before");
        }
        metrics.CountLoad(_problem is null);
    }

    private ISegmentationModel Open(PermutationKey? key)
    {
        ISegmentationModel model = _options.Load!(_options.ModelPath, key);
        try
        {
            if (!model.IsUnlocked)
                throw new InvalidOperationException($"'{_options.ModelPath}' is protected and was loaded without its key: its labels would be worthless.");
            // What cannot run is found now, and the first request need not wait for what is made at the first run.
            using MLImage black = MLImage.CreateFromPixels(model.ImageWidth, model.ImageHeight, MLPixelFormat.Bgra32, Black(model.ImageWidth * model.ImageHeight));
            model.Score([black]);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static byte[] Black(int pixels)
    {
        byte[] image = new byte[4 * pixels];
        for (int alpha = 3; alpha < image.Length; alpha += 4)
            image[alpha] = byte.MaxValue;
        return image;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model '{Path}' with {Classes} classes is loaded and unlocked ({Seconds:F1} s).")]
    private partial void LogLoaded(string path, int classes, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The {What} for '{Path}' cannot be used: {Reason} Until that is mended, {Consequence}.")]
    private partial void LogProblem(string what, string path, string reason, string consequence);
}
