using Microsoft.OpenApi;

namespace SegmentationService.Endpoints;

/// <summary>What endpoints that take an image have in common, for the OpenAPI document.</summary>
internal static class ImageEndpoints
{
    /// <summary>Says what is taken. (Accepts would, too, but also refuse the rest without a word.)</summary>
    public static RouteHandlerBuilder TakesImage(this RouteHandlerBuilder endpoint) => endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        var file = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
        var form = new OpenApiMediaType
        {
            Schema = new OpenApiSchema { Type = JsonSchemaType.Object, Properties = new Dictionary<string, IOpenApiSchema> { ["image"] = file.Schema } },
        };
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "A JPEG or PNG file.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["image/jpeg"] = file,
                ["image/png"] = file,
                ["application/octet-stream"] = file,
                ["multipart/form-data"] = form,
            },
        };
        return Task.CompletedTask;
    });

    /// <summary>Says what is refused.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder endpoint)
    {
        foreach (int status in (int[])[400, 401, 406, 408, 413, 415, 429, 503, 504])
            endpoint.ProducesProblem(status);
        return endpoint;
    }
}
