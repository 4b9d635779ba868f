using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>Holds the model that is served, and loads it again when its file or the key changes. A model that runs stays until another one runs.</summary>
internal sealed partial class ModelSource : IDisposable
{
    // What failed for want of memory, say, may be possible later.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1), FirstInterval = TimeSpan.FromSeconds(2), LongestEnd = TimeSpan.FromSeconds(5);

    private readonly IServiceProvider _services;
    private readonly ServingMetrics _metrics;
    private readonly ILogger _logger;
    private readonly SegmentationOptions _options;
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(16);
    private readonly CancellationTokenSource _stopped = new();
    private volatile LoadedModel? _current;
    private volatile ModelProblem? _problem = new("The model is being loaded.", IsOfKey: false);
    private readonly Thread _watcher;
    private ModelState _tried, _seen;
    private long _triedAt, _readingSince, _loadingSince;

    public ModelSource(IServiceProvider services, IOptions<SegmentationOptions> options, ServingMetrics metrics, ILogger<ModelSource> logger)
    {
        (_services, _metrics, _logger, _options) = (services, metrics, logger, options.Value);
        // Always the same one: the C library keeps memory for each thread that has loaded a model.
        _watcher = new Thread(Watch) { IsBackground = true, Name = nameof(ModelSource) };
    }

    /// <summary>The model; null: there is none yet.</summary>
    public ServedModel? Model => _current?.Description;

    /// <summary>What is wrong since the file or the key was looked at last; null: nothing.</summary>
    public ModelProblem? Problem => _problem;

    /// <summary>Begins to load the model, and to look after its file and key.</summary>
    public void Start() => _watcher.UnsafeStart();

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

    /// <summary>For how long the file and the key have been waited for; null: they are not.</summary>
    public TimeSpan? WaitsForFiles => Elapsed(ref _readingSince);

    /// <summary>For how long a model has been loading; null: none is.</summary>
    public TimeSpan? Loads => Elapsed(ref _loadingSince);

    /// <summary>Loads nothing more, and frees the model once nobody uses it.</summary>
    public void Dispose()
    {
        if (_stopped.IsCancellationRequested)
            return;
        _stopped.Cancel();
        // What the file or the key lies on may never answer.
        if (_watcher.IsAlive)
            _watcher.Join(LongestEnd);
        LoadedModel? last = _current;
        _current = null;
        _problem = new ModelProblem("The application stops.", IsOfKey: false);
        last?.Network.Dispose();
    }

    private void Watch()
    {
        bool forever = _options.ReloadInterval != Timeout.InfiniteTimeSpan;
        do
        {
            try
            {
                Look();
            }
            catch (Exception)
            {
                // The application's logger, or a model's own Dispose: an exception that leaves this thread would end the process.
            }
        }
        while ((forever || _current is null) && !_stopped.Token.WaitHandle.WaitOne(forever ? _options.ReloadInterval : FirstInterval));
    }

    private void Look()
    {
        Volatile.Write(ref _readingSince, Stopwatch.GetTimestamp());
        ModelState state = ModelState.Read(_options.ModelPath, _options.Key is { } read ? () => read(_services) : null, _salt, out PermutationKey? key, out ModelProblem? problem);
        Volatile.Write(ref _readingSince, 0);
        using (key)
        {
            bool isOld = state == _tried && (_problem is null || Stopwatch.GetElapsedTime(_triedAt) < RetryAfter);
            // A file that is being written, and a key that comes a moment after its model, are waited for.
            bool changesYet = _current is not null && state != _seen;
            _seen = state;
            if (isOld || changesYet)
                return;
            (_tried, _triedAt) = (state, Stopwatch.GetTimestamp());
            LoadedModel? model = Load(problem, key);
            if (model is not null)
                Serve(model);
            _metrics.CountLoad(model is not null);
        }
    }

    private LoadedModel? Load(ModelProblem? problem, PermutationKey? key)
    {
        try
        {
            if (problem is not null)
                throw new InvalidOperationException(problem.Message);
            Volatile.Write(ref _loadingSince, _triedAt);
            return LoadedModel.Of(Open(key), _options.ModelPath, DateTimeOffset.UtcNow);
        }
        // Whatever the application's way to open a file throws: one that cannot be opened must not end what runs.
        catch (Exception exception)
        {
            _problem = new ModelProblem(exception.Message, IsOfKey: problem is { IsOfKey: true } || exception is WrongKeyException);
            LogProblem(_problem.IsOfKey ? "key" : "model", _options.ModelPath, exception.Message, _current is null ? "no request can be answered" : "requests are answered with the model that was loaded before");
            return null;
        }
        finally
        {
            Volatile.Write(ref _loadingSince, 0);
        }
    }

    private void Serve(LoadedModel model)
    {
        if (_stopped.IsCancellationRequested)
        {
            model.Network.Dispose();
            return;
        }
        LoadedModel? old = _current;
        (_current, _problem) = (model, null);
        old?.Network.Dispose();
        LogLoaded(_options.ModelPath, model.Description.ClassNames.Count, Stopwatch.GetElapsedTime(_triedAt).TotalSeconds);
    }

    private static TimeSpan? Elapsed(ref long since) => Volatile.Read(ref since) is var start and not 0 ? Stopwatch.GetElapsedTime(start) : null;

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
