using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace ServiceTests.Service;

/// <summary>Requests as callers send them.</summary>
internal static class Requests
{
    public static Task<HttpResponseMessage> Segment(this HttpClient client, byte[] body, string? type = "image/png", string? accept = null, string path = "/segment", params (string Name, string Value)[] headers)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        return client.Send(content, accept, path, headers);
    }

    public static Task<HttpResponseMessage> SegmentForm(this HttpClient client, byte[][] files, string? accept = null)
    {
        var form = new MultipartFormDataContent();
        for (int i = 0; i < files.Length; i++)
            form.Add(new ByteArrayContent(files[i]), $"image{i}", "photo.png");
        return client.Send(form, accept, "/segment", []);
    }

    /// <summary>Checks that an answer is a problem in words, without anything of the inside.</summary>
    public static async Task<string> Problem(this HttpResponseMessage response, HttpStatusCode status)
    {
        string text = await response.Content.ReadAsStringAsync();
        response.StatusCode.Should().Be(status, text);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        text.Should().NotContain("Exception").And.NotContain("   at ").And.NotContain(".cs");
        using JsonDocument problem = JsonDocument.Parse(text);
        problem.RootElement.GetProperty("status").GetInt32().Should().Be((int)status);
        return problem.RootElement.GetProperty("detail").GetString()!;
    }

    private static Task<HttpResponseMessage> Send(this HttpClient client, HttpContent content, string? accept, string path, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return client.SendAsync(request);
    }
}
