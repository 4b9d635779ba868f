using Microsoft.ML.PermutedSegmentation;
using Prometheus;
using SegmentationService;
using SegmentationService.Demo;
using SegmentationService.Endpoints;
using SegmentationService.Models;
using SegmentationService.Security;

try
{
    if (args is [KeyProtection.Command, var plain, var @protected])
        return KeyProtection.Protect(plain, @protected);
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    var settings = ServiceSettings.Read(builder.Configuration);
    var source = ModelSettings.Read(builder.Configuration);
    var demo = source is null ? DemoModel.FindOrTrain(Path.GetFullPath("service-demo")) : null;
    source ??= demo!.Settings;

    builder.Services.AddSingleton(settings);
    builder.Services.AddSingleton<ModelFacts>();
    builder.Services.AddSingleton(new ConditionModels(demo));
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
    app.UseExceptionHandler();
    app.UseStatusCodePages();
    app.UseMiddleware<SecurityHeaders>();
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
    app.Run();
    return 0;
}
catch (Exception exception) when (exception is InvalidOperationException or IOException or FormatException or InvalidDataException)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 1;
}
