namespace SegmentationService;

/// <summary>The section "Service" of the settings: who may ask, and how much.</summary>
internal sealed class ServiceSettings
{
    /// <summary>What callers must send as <c>X-Api-Key</c> or bearer token; null: nothing.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The most bytes of a request.</summary>
    public int MaximumBytes { get; set; } = 10 << 20;

    /// <summary>The most pixels of an image, which is refused by its header: few bytes can hold many.</summary>
    public long MaximumPixels { get; set; } = 1 << 24;

    /// <summary>After how many seconds a request is given up.</summary>
    public int RequestSeconds { get; set; } = 30;

    /// <summary>How many images are in memory decoded, four bytes a pixel.</summary>
    public int ConcurrentImages { get; set; } = 16;

    /// <summary>How many more wait to be decoded; others are refused.</summary>
    public int WaitingImages { get; set; } = 64;

    /// <summary>The most requests of one caller, or of one address, in a minute.</summary>
    public int RequestsPerMinute { get; set; } = 600;

    /// <exception cref="InvalidOperationException">A setting cannot be meant.</exception>
    public static ServiceSettings Read(IConfiguration configuration)
    {
        var settings = new ServiceSettings();
        configuration.GetSection("Service").Bind(settings);
        foreach (var (name, value) in new (string, long)[]
        {
            (nameof(MaximumBytes), settings.MaximumBytes), (nameof(MaximumPixels), settings.MaximumPixels), (nameof(RequestSeconds), settings.RequestSeconds),
            (nameof(ConcurrentImages), settings.ConcurrentImages), (nameof(RequestsPerMinute), settings.RequestsPerMinute), (nameof(WaitingImages), settings.WaitingImages + 1L),
        })
        {
            if (value < 1)
                throw new InvalidOperationException($"The setting Service:{name} is too small.");
        }
        return settings;
    }
}
