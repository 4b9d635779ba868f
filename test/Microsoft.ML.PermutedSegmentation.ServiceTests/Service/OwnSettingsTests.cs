using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ServiceTests.Service;

/// <summary>A service as its owner sets it up: keys from several places, an API key, rates, and what happens to files while it runs.</summary>
public sealed class OwnSettingsTests : IClassFixture<TrainedModel>, IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TrainedModel _trained;
    private readonly string _model, _key;
    private readonly byte[] _image = RunningService.Png(ColorPatches.Create(1, seed: 4)[0].Image);

    public OwnSettingsTests(TrainedModel trained)
    {
        _trained = trained;
        (_model, _key) = (_folder.At("model.zip"), _folder.At("secret.pem"));
        File.Copy(trained.ModelPath, _model);
        trained.Key.Save(_key);
    }

    [Fact]
    public async Task Callers_need_the_API_key_where_one_is_set()
    {
        using ServiceProcess service = await Start(("Service__ApiKey", "open sesame"), ("Service__RequestsPerMinute", "5"));
        await service.Ready();
        (await (await service.Client.Segment(_image)).Problem(HttpStatusCode.Unauthorized)).Should().Contain("X-Api-Key");
        await (await service.Client.Segment(_image, headers: ("X-Api-Key", "open"))).Problem(HttpStatusCode.Unauthorized);
        foreach (string path in (string[])["/model", "/metrics", "/openapi/v1.json"])
            (await service.Client.GetAsync(path)).StatusCode.Should().Be(HttpStatusCode.Unauthorized, path);
        (await service.Client.GetAsync("/")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await service.Client.Segment(_image, headers: ("X-Api-Key", "open sesame"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await service.Client.Segment(_image, headers: ("Authorization", "bearer open sesame"))).StatusCode.Should().Be(HttpStatusCode.OK);

        (await (await service.Client.Segment(_image, path: "/segment?key=none", headers: ("X-Api-Key", "open sesame"))).Problem(HttpStatusCode.BadRequest)).Should().Contain("demo");
        // One every 12 seconds comes back.
        HttpResponseMessage tooMany = await service.Client.Segment(_image, headers: ("X-Api-Key", "open sesame"));
        for (int i = 0; i < 20 && tooMany.StatusCode != HttpStatusCode.TooManyRequests; i++)
            tooMany = await service.Client.Segment(_image, headers: ("X-Api-Key", "open sesame"));
        (await tooMany.Problem(HttpStatusCode.TooManyRequests)).Should().Contain("5 requests a minute");
        tooMany.Headers.RetryAfter!.Delta!.Value.Should().BePositive();
        service.Output.Should().NotContain("sesame");

        File.Delete(_key);
        await Eventually(service, HttpStatusCode.ServiceUnavailable, "Unhealthy");
        (await (await service.Client.GetAsync("/health/ready")).Content.ReadAsStringAsync()).Should().NotContain(_folder.Root, "reasons are for those who have the API key");
    }

    [Fact]
    public async Task Another_key_makes_it_not_ready_and_a_damaged_model_does_not()
    {
        using ServiceProcess service = await Start();
        await service.Ready();
        byte[] mask = await Mask(service);
        File.Move(_key, _key + ".away");
        await Eventually(service, HttpStatusCode.ServiceUnavailable, "Could not find file");
        (await Mask(service)).Should().Equal(mask);
        using (PermutationKey wrong = TestKeys.Wrong())
            wrong.Save(_key);
        await Eventually(service, HttpStatusCode.ServiceUnavailable, "fingerprint");
        (await Mask(service)).Should().Equal(mask, "what is unlocked stays so");
        File.Move(_key + ".away", _key, overwrite: true);
        await Eventually(service, HttpStatusCode.OK, "Healthy");

        File.WriteAllBytes(_model, [1, 2, 3]);
        await Eventually(service, HttpStatusCode.OK, "Degraded");
        (await Mask(service)).Should().Equal(mask);
        File.Copy(_trained.ModelPath, _model, overwrite: true);
        await Eventually(service, HttpStatusCode.OK, "Healthy");
        (await service.Stop()).Should().Be(0);
        service.Output.Should().Contain("The key for").And.Contain("The model for").And.NotContain(Convert.ToBase64String(Enumerable.Range(1, 32).Select(i => (byte)(7 * i)).ToArray()));
    }

    [Fact]
    public async Task A_key_may_come_from_a_setting_and_requests_in_flight_are_answered_at_the_end()
    {
        using ServiceProcess service = await ServiceProcess.Start(_folder.Root, ("Segmentation__ModelPath", _model), ("Segmentation__Key", File.ReadAllText(_key)));
        await service.Ready();
        Task<HttpResponseMessage>[] requests = [.. Enumerable.Range(0, 12).Select(_ => service.Client.Segment(_image))];
        await Task.WhenAny(requests);
        await Task.Delay(300);
        Task<int> stop = service.Stop();
        HttpResponseMessage[] answers = await Task.WhenAll(requests);
        answers.Should().OnlyContain(answer => answer.IsSuccessStatusCode);
        (await stop).Should().Be(0);
    }

    [Fact]
    public async Task A_key_may_be_in_a_file_that_only_this_application_opens()
    {
        string file = _folder.At("key.protected");
        (int exitCode, string output) = await ServiceProcess.Run(_folder.Root, ["protect-key", _key, file], ("HOME", _folder.Root));
        exitCode.Should().Be(0, output);
        using (ServiceProcess service = await ServiceProcess.Start(_folder.Root, ("Segmentation__ModelPath", _model), ("Segmentation__ProtectedKeyPath", file), ("HOME", _folder.Root)))
        {
            await service.Ready();
            await Mask(service);
        }
        using ServiceProcess elsewhere = await ServiceProcess.Start(
            _folder.Root, ("Segmentation__ModelPath", _model), ("Segmentation__ProtectedKeyPath", file), ("HOME", Directory.CreateDirectory(_folder.At("other user")).FullName));
        await Eventually(elsewhere, HttpStatusCode.ServiceUnavailable, "cannot be opened here");
        await (await elsewhere.Client.Segment(_image)).Problem(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Settings_that_contradict_each_other_end_it_with_one_sentence()
    {
        (int exitCode, string output) = await ServiceProcess.Run(_folder.Root, [], ("Segmentation__ModelPath", _model), ("Segmentation__KeyPath", _key), ("Segmentation__Key", "x"));
        exitCode.Should().Be(1);
        output.Should().Contain("error: Set one of").And.NotContain("   at ");
        (_, output) = await ServiceProcess.Run(_folder.Root, [], ("Segmentation__ModelPath", _model), ("Service__MaximumPixels", "0"));
        output.Should().Contain("Service:MaximumPixels");
        (exitCode, output) = await ServiceProcess.Run(_folder.Root, [], ("Segmentation__ModelPath", _model), ("Segmentation__MaximumBatchSize", "0"));
        exitCode.Should().Be(1);
        output.Should().Contain("error: SegmentationOptions.MaximumBatchSize").And.NotContain("   at ");
        File.Copy(_model, Path.Combine(Directory.CreateDirectory(_folder.At("service-demo")).FullName, "model.zip"));
        (_, output) = await ServiceProcess.Run(_folder.Root, []);
        output.Should().Contain("but not its key");
    }

    [Browser.BrowserFact]
    public async Task An_ONNX_file_is_served_too()
    {
        string onnx = _folder.At("model.onnx");
        using (FileStream stream = File.Create(onnx))
            new MLContext().Segmentation().ExportToOnnx(_trained.Transformer, stream);
        using ServiceProcess service = await ServiceProcess.Start(_folder.Root, ("Segmentation__ModelPath", onnx), ("Segmentation__KeyPath", _key));
        await service.Ready();
        using JsonDocument model = JsonDocument.Parse(await service.Client.GetStringAsync("/model"));
        model.RootElement.GetProperty("network").ValueKind.Should().Be(JsonValueKind.Null);
        model.RootElement.GetProperty("featureMaps").GetArrayLength().Should().Be(6);
        await Mask(service);
        service.Output.Should().Contain("No API key is set");
        using var page = new Browser.Page(service.Client.BaseAddress!);
        page.WaitFor(() => page.Find("#model").Text.Contains("model.onnx"));
    }

    [Fact]
    public async Task Bodies_on_their_way_have_a_bound_together()
    {
        using ServiceProcess service = await Start(("Service__MaximumBytes", "200000"), ("Service__MaximumBufferedBytes", "262144"));
        await service.Ready();
        TcpClient[] slow = [.. Enumerable.Range(0, 3).Select(_ => new TcpClient("127.0.0.1", service.Client.BaseAddress!.Port))];
        byte[] begun = [.. "POST /segment HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n"u8, .. new byte[90_000]];
        foreach (TcpClient client in slow)
            await client.GetStream().WriteAsync(begun);
        string answer = "";
        for (int i = 0; i < 400 && !answer.Contains("262,144 bytes"); i++)
        {
            await Task.Delay(50);
            foreach (TcpClient client in slow.Where(client => client.Available > 0))
            {
                byte[] bytes = new byte[client.Available];
                await client.GetStream().ReadExactlyAsync(bytes);
                answer += Encoding.ASCII.GetString(bytes);
            }
        }
        answer.Should().Contain("429").And.Contain("Retry-After").And.Contain("262,144 bytes");
        Array.ForEach(slow, client => client.Dispose());
        await ServiceProcess.Eventually(() => service.Client.Segment(_image).Result.IsSuccessStatusCode, service);
    }

    [Fact]
    public async Task Secrets_may_lie_in_a_folder_a_file_each()
    {
        string secrets = Directory.CreateDirectory(_folder.At("secrets")).FullName;
        File.Copy(_key, Path.Combine(secrets, "Segmentation__Key"));
        File.WriteAllText(Path.Combine(secrets, "Service__ApiKey"), "open sesame");
        using ServiceProcess service = await ServiceProcess.Start(_folder.Root, ("SecretsFolder", secrets), ("Segmentation__ModelPath", _model));
        await service.Ready();
        await (await service.Client.Segment(_image)).Problem(HttpStatusCode.Unauthorized);
        (await service.Client.Segment(_image, headers: ("X-Api-Key", "open sesame"))).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_collector_gets_metrics_where_one_is_named()
    {
        using var collector = new HttpListener();
        int port = FreePort();
        collector.Prefixes.Add($"http://127.0.0.1:{port}/");
        collector.Start();
        using ServiceProcess service = await Start(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{port}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_METRIC_EXPORT_INTERVAL", "300"));
        await service.Ready();
        (await service.Client.Segment(_image)).EnsureSuccessStatusCode();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        string received = "";
        while (!received.Contains("segmentation.requests"))
        {
            HttpListenerContext context = await collector.GetContextAsync().WaitAsync(limit.Token);
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body, limit.Token);
            received = context.Request.Url!.AbsolutePath == "/v1/metrics" ? Encoding.Latin1.GetString(body.ToArray()) : received;
            context.Response.Close();
        }
    }

    public void Dispose() => _folder.Dispose();

    private Task<ServiceProcess> Start(params (string Name, string Value)[] settings) =>
        ServiceProcess.Start(_folder.Root, [("Segmentation__ModelPath", _model), ("Segmentation__KeyPath", _key), .. settings]);

    private async Task<byte[]> Mask(ServiceProcess service)
    {
        using HttpResponseMessage response = await service.Client.Segment(_image);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return await response.Content.ReadAsByteArrayAsync();
    }

    private static async Task Eventually(ServiceProcess service, HttpStatusCode status, string text)
    {
        for (int i = 0; i < 300; i++)
        {
            using HttpResponseMessage response = await service.Client.GetAsync("/health/ready");
            if (response.StatusCode == status && (await response.Content.ReadAsStringAsync()).Contains(text))
                return;
            await Task.Delay(100);
        }
        Assert.Fail($"It is not {status}, '{text}'.\n{service.Output}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
