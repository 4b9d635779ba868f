using System.Net;
using System.Text.Json;

namespace ServiceTests.Service;

/// <summary>What the service says of itself, and how browsers are to treat it.</summary>
public sealed class ServiceInfoTests(RunningService service) : IClassFixture<RunningService>
{
    [Fact]
    public async Task The_model_is_described_as_far_as_its_file_says()
    {
        using JsonDocument answer = JsonDocument.Parse(await service.Client.GetStringAsync("/model"));
        JsonElement model = answer.RootElement;
        model.GetProperty("file").GetString().Should().Be("model.zip");
        model.GetProperty("backbone").GetString().Should().Be("ResNet18");
        model.GetProperty("imageHeight").GetInt32().Should().Be(ColorPatches.Size);
        model.GetProperty("featureMaps").EnumerateArray().Select(map => map.GetInt32()).Should().Equal(1, 2, 3, 4, 5, 6);
        model.GetProperty("classes").EnumerateArray().Select(entry => entry.GetProperty("color").GetString()).Should().Equal("#000000", "#800000", "#008000");
        model.GetProperty("isProtected").GetBoolean().Should().BeTrue();
        model.GetProperty("demo").GetBoolean().Should().BeTrue();
        model.GetProperty("limits").GetProperty("bytes").GetInt32().Should().Be(200_000);
        answer.RootElement.ToString().Should().NotContain("salt").And.NotContain("fingerprint").And.NotContain("service-demo");
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task It_is_healthy(string path) => (await service.Client.GetStringAsync(path)).Should().StartWith("Healthy");

    [Fact]
    public async Task The_OpenAPI_document_names_all_endpoints()
    {
        using JsonDocument document = JsonDocument.Parse(await service.Client.GetStringAsync("/openapi/v1.json"));
        document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name).Should().BeEquivalentTo("/segment", "/segment/overlay", "/model");
        JsonElement post = document.RootElement.GetProperty("paths").GetProperty("/segment").GetProperty("post");
        post.GetProperty("requestBody").GetProperty("content").EnumerateObject().Select(type => type.Name).Should().Contain(["image/jpeg", "image/png", "multipart/form-data"]);
        post.GetProperty("responses").EnumerateObject().Select(response => response.Name).Should().Contain(["200", "400", "413", "429", "503"]);
    }

    [Fact]
    public async Task Metrics_count_requests()
    {
        double before = await Count();
        (await service.Client.Segment(service.ImageFile)).EnsureSuccessStatusCode();
        (await Count()).Should().Be(before + 1);

        async Task<double> Count()
        {
            string line = (await service.Client.GetStringAsync("/metrics")).Split('\n').FirstOrDefault(text => text.StartsWith("permutedsegmentation_segmentation_requests{outcome=\"answered\"}", StringComparison.Ordinal)) ?? " 0";
            return double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/app.js", "text/javascript")]
    [InlineData("/app.css", "text/css")]
    [InlineData("/model", "application/json")]
    public async Task Browsers_are_told_to_run_nothing_else(string path, string type)
    {
        using HttpResponseMessage response = await service.Client.GetAsync(path);
        response.Content.Headers.ContentType!.MediaType.Should().Be(type);
        response.Headers.GetValues("Content-Security-Policy").Single().Should().StartWith("default-src 'none';").And.NotContain("unsafe");
        response.Headers.GetValues("X-Content-Type-Options").Single().Should().Be("nosniff");
        response.Headers.Server.Should().BeEmpty();
    }

    [Theory]
    [InlineData("/%2e%2e/appsettings.json")]
    [InlineData("/..%2fappsettings.json")]
    [InlineData("/appsettings.json")]
    [InlineData("/SegmentationService.dll")]
    [InlineData("/service-demo/key.pem")]
    public async Task Nothing_but_the_page_is_served(string path) => (await service.Client.GetAsync(path)).StatusCode.Should().Be(HttpStatusCode.NotFound);
}
