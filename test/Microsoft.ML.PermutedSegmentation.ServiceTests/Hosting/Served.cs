using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ServiceTests.Hosting;

/// <summary>A segmenter with the services around it, as an application has it.</summary>
internal sealed class Served : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public Served(Action<SegmentationOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log));
        services.AddSegmentation(options =>
        {
            options.ReloadInterval = TimeSpan.FromMilliseconds(20);
            configure(options);
        });
        _services = services.BuildServiceProvider();
        Segmenter = _services.GetRequiredService<ISegmenter>();
    }

    public LogLines Log { get; } = new();

    public ISegmenter Segmenter { get; }

    /// <summary>With a model that is there.</summary>
    public static async Task<Served> With(FakeModel model, string path, Action<SegmentationOptions>? configure = null)
    {
        var served = new Served(options =>
        {
            (options.ModelPath, options.Load) = (path, (_, _) => model);
            configure?.Invoke(options);
        });
        await Eventually(() => served.Segmenter.Model is not null);
        return served;
    }

    public async Task<HealthReportEntry> Health() =>
        (await _services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["segmentation"];

    /// <summary>Ends as a host does.</summary>
    public Task Stop(CancellationToken cancellationToken) =>
        Task.WhenAll(_services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().Select(service => service.StopAsync(cancellationToken)));

    public static async Task Eventually(Func<bool> isSo)
    {
        for (int i = 0; i < 3000 && !isSo(); i++)
            await Task.Delay(10);
        isSo().Should().BeTrue("it should be so within half a minute");
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    /// <summary>What was logged.</summary>
    internal sealed class LogLines : ILoggerProvider, ILogger
    {
        private readonly List<string> _lines = [];

        public string All
        {
            get
            {
                lock (_lines)
                    return string.Join('\n', _lines);
            }
        }

        /// <summary>Whether it throws instead.</summary>
        public volatile bool Fails;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (Fails)
                throw new IOException("The log is full.");
            lock (_lines)
                _lines.Add($"{logLevel}: {formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
        }
    }
}
