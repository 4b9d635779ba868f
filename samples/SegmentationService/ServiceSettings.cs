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
    public int ConcurrentImages { get; set; } = 8;

    /// <summary>How many more wait to be decoded; others are refused.</summary>
    public int WaitingImages { get; set; } = 32;

    /// <summary>How many bytes all requests together may have sent whose bodies are not complete.</summary>
    public long MaximumBufferedBytes { get; set; } = 1 << 28;

    /// <summary>The most requests of one caller, or of one address, in a minute.</summary>
    public int RequestsPerMinute { get; set; } = 600;

    /// <exception cref="InvalidOperationException">A setting cannot be meant.</exception>
    public static ServiceSettings Read(IConfiguration configuration)
    {
        var settings = new ServiceSettings();
        configuration.GetSection("Service").Bind(settings);
        Check(nameof(MaximumBytes), settings.MaximumBytes, 1, 1 << 30);
        Check(nameof(MaximumPixels), settings.MaximumPixels, 1, 1 << 28);
        Check(nameof(RequestSeconds), settings.RequestSeconds, 1, 3600);
        Check(nameof(ConcurrentImages), settings.ConcurrentImages, 1, 10_000);
        Check(nameof(WaitingImages), settings.WaitingImages, 0, 100_000);
        Check(nameof(MaximumBufferedBytes), settings.MaximumBufferedBytes, settings.MaximumBytes, long.MaxValue);
        Check(nameof(RequestsPerMinute), settings.RequestsPerMinute, 1, int.MaxValue);
        return settings;

        static void Check(string name, long value, long least, long most)
        {
            if (value < least || value > most)
                throw new InvalidOperationException($"The setting Service:{name} is {value}; it can be {least} to {most}.");
        }
    }
}
