using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.ML.PermutedSegmentation;
using Microsoft.ML.PermutedSegmentation.Serving;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the serving of a segmentation model to an application.</summary>
public static class SegmentationServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="ISegmenter"/>, which keeps a model unlocked in memory, and a health check "segmentation" with the tag "ready". With a host the model
    /// is loaded when it starts, and requests that wait are answered when it stops; without one, when <see cref="ISegmenter"/> is first asked for.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Says which model, and how.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IServiceCollection AddSegmentation(this IServiceCollection services, Action<SegmentationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<SegmentationOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SegmentationOptions>, OptionsCheck>());
        services.TryAddSingleton<ServingMetrics>();
        services.TryAddSingleton<ModelSource>();
        services.TryAddSingleton<Segmenter>();
        services.TryAddSingleton<ISegmenter>(provider => provider.GetRequiredService<Segmenter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SegmentationHostedService>());
        services.AddLogging();
        if (!services.Any(service => service.ServiceType == typeof(SegmentationHealthCheck)))
        {
            services.AddSingleton<SegmentationHealthCheck>();
            services.AddHealthChecks().AddCheck<SegmentationHealthCheck>("segmentation", tags: ["ready"]);
        }
        return services;
    }
}
