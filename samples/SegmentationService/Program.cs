using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Microsoft.ML.PermutedSegmentation;
using Prometheus;
using SegmentationService;
using SegmentationService.Demo;
using SegmentationService.Endpoints;
using SegmentationService.Models;
using SegmentationService.Security;

// The first process of a container is not ended by a signal that it does not handle; the host handles it once it runs.
using var early = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Environment.Exit(128 + 15));
try
{
    if (args is [KeyProtection.Command, var plain, var @protected])
        return KeyProtection.Protect(plain, @protected);
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    if (builder.Configuration["SecretsFolder"] is { Length: > 0 } secrets)
        builder.Configuration.AddKeyPerFile(secrets, optional: false, reloadOnChange: true);
    var settings = ServiceSettings.Read(builder.Configuration);
    var source = ModelSettings.Read(builder.Configuration);
    var demo = source is null ? DemoModel.FindOrTrain(Path.GetFullPath("service-demo")) : null;
    source ??= demo!.Settings;

    builder.Services.AddSingleton(settings);
    builder.Services.AddSingleton<ApiKey>();
    builder.Services.AddSingleton<UploadedImages>();
    builder.Services.AddSingleton<ModelFacts>();
    builder.Services.AddSingleton<KeyWarnings>();
    builder.Services.AddSingleton(_ => new ConditionModels(demo));
    if (source.NeedsDataProtection)
        builder.Services.AddKeyProtection();
    builder.Services.AddSegmentation(options =>
    {
        options.ModelPath = source.ModelPath;
        options.Key = source.KeyOf;
        options.MaximumBatchSize = source.MaximumBatchSize;
    });
    builder.Services.AddOptions<SegmentationOptions>().Configure<ModelFacts>((options, facts) => options.Load = facts.Open);
    builder.AddServiceLimits(settings);
    builder.AddServiceTelemetry();
    builder.Services.AddProblemDetails();
    builder.Services.AddExceptionHandler<ProblemAnswers>();
    builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, AnswerJson.Default));
    builder.Services.AddOpenApi();

    var app = builder.Build();
    // Options that cannot be meant are said in one line here, before the host would log them at length.
    _ = app.Services.GetRequiredService<IOptions<SegmentationOptions>>().Value;
    app.UseMiddleware<SecurityHeaders>();
    app.UseExceptionHandler();
    app.UseStatusCodePages();
    app.UseDefaultFiles();
    app.UseStaticFiles();
    app.UseRouting();
    app.UseMiddleware<ApiKeyCheck>();
    app.UseRateLimiter();
    app.UseRequestTimeouts();
    SegmentEndpoints.MapSegment(app);
    app.MapModel();
    app.MapHealth();
    app.MapMetrics().ExcludeFromDescription();
    app.MapOpenApi();
    if (string.IsNullOrWhiteSpace(settings.ApiKey) && demo is null)
        app.Logger.LogWarning("No API key is set (Service:ApiKey): whoever reaches this service may use it.");
    early.Dispose();
    app.Run();
    return 0;
}
catch (Exception exception) when (exception is InvalidOperationException or IOException or FormatException or InvalidDataException or OptionsValidationException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 1;
}
