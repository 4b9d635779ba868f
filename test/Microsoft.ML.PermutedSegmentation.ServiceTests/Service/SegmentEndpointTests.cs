using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using SkiaSharp;

namespace ServiceTests.Service;

/// <summary>POST /segment and /segment/overlay: what a pipeline of ML.NET predicts comes back, in each form.</summary>
public sealed class SegmentEndpointTests(RunningService service) : IClassFixture<RunningService>
{
    [Theory]
    [InlineData(null, "image/png")]
    [InlineData("*/*", "image/png")]
    [InlineData("image/*", "image/png")]
    [InlineData("text/html, image/png;q=0.5", "image/png")]
    [InlineData("application/json", "application/json")]
    [InlineData("image/png;q=0.2, application/json;q=0.9", "application/json")]
    [InlineData("*/*;q=0.1, application/x-npy", "application/x-npy")]
    [InlineData("image/png;q=0, */*", "application/json")]
    [InlineData("nonsense,,", "image/png")]
    public async Task A_mask_comes_in_the_form_that_is_accepted(string? accept, string expected)
    {
        using HttpResponseMessage response = await service.Client.Segment(service.ImageFile, accept: accept);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be(expected);
        response.Headers.GetValues("Server-Timing").Single().Should().MatchRegex(@"^queue;dur=[\d.]+, network;dur=[\d.]+$");
    }

    [Theory]
    [InlineData("image/png")]
    [InlineData("application/octet-stream")]
    [InlineData("form")]
    public async Task The_colors_of_the_PNG_are_the_classes_of_the_pipeline(string type)
    {
        using HttpResponseMessage response = await (type == "form" ? service.Client.SegmentForm([service.ImageFile]) : service.Client.Segment(service.ImageFile, type));
        using SKBitmap mask = SKBitmap.Decode(await response.Content.ReadAsByteArrayAsync());
        (mask.Width, mask.Height).Should().Be((ColorPatches.Size, ColorPatches.Size));
        mask.Pixels.Select(color => (color.Red, color.Green, color.Blue)).Should().Equal(service.Labels.Select(label => ClassPalette.Voc[label - 1]));
    }

    [Fact]
    public async Task A_mask_has_the_size_of_a_larger_image()
    {
        using SKBitmap small = SKBitmap.Decode(service.ImageFile);
        using SKBitmap large = small.Resize(new SKImageInfo(3 * small.Width, 2 * small.Height), SKFilterQuality.None);
        using SKData file = large.Encode(SKEncodedImageFormat.Jpeg, 95);
        using HttpResponseMessage response = await service.Client.Segment(file.ToArray(), "image/jpeg");
        using SKBitmap mask = SKBitmap.Decode(await response.Content.ReadAsByteArrayAsync());
        (mask.Width, mask.Height).Should().Be((3 * small.Width, 2 * small.Height));
        int same = Enumerable.Range(0, small.Width * small.Height).Count(i =>
            mask.GetPixel(3 * (i % small.Width) + 1, 2 * (i / small.Width)) is var color && ClassPalette.Voc[service.Labels[i] - 1] == (color.Red, color.Green, color.Blue));
        same.Should().BeGreaterThan(small.Width * small.Height * 95 / 100);
    }

    [Fact]
    public async Task JSON_has_the_classes_with_their_shares()
    {
        using HttpResponseMessage response = await service.Client.Segment(service.ImageFile, accept: "application/json");
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        (int, int)[] found = [.. answer.RootElement.GetProperty("classes").EnumerateArray().Select(entry => (entry.GetProperty("index").GetInt32(), entry.GetProperty("pixels").GetInt32()))];
        found.Should().Equal(service.Labels.GroupBy(label => label - 1).Select(group => (group.Key, group.Count())).OrderByDescending(group => group.Item2));
        answer.RootElement.GetProperty("classes").EnumerateArray().Sum(entry => entry.GetProperty("share").GetDouble()).Should().BeApproximately(1, 1e-12);
    }

    [Fact]
    public async Task NPY_has_the_probabilities_of_the_pipeline()
    {
        using HttpResponseMessage response = await service.Client.Segment(service.ImageFile, accept: "application/x-npy");
        byte[] file = await response.Content.ReadAsByteArrayAsync();
        file[..8].Should().Equal([0x93, .. "NUMPY"u8, 1, 0]);
        int header = 10 + BitConverter.ToUInt16(file, 8);
        (header % 64).Should().Be(0);
        Encoding.ASCII.GetString(file, 10, header - 10).Should().StartWith("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 32, 32), }").And.EndWith("\n");
        float[] values = MemoryMarshal.Cast<byte, float>(file.AsSpan(header)).ToArray();
        values.Zip(service.Scores, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-5f);
        values.Should().HaveCount(service.Scores.Length);
    }

    [Theory]
    [InlineData("", 0.5)]
    [InlineData("?opacity=0", 0)]
    [InlineData("?opacity=0.25", 0.25)]
    [InlineData("?opacity=1", 1)]
    public async Task An_overlay_mixes_image_and_colors(string query, double opacity)
    {
        using HttpResponseMessage response = await service.Client.Segment(service.ImageFile, path: "/segment/overlay" + query);
        using SKBitmap overlay = SKBitmap.Decode(await response.Content.ReadAsByteArrayAsync()), image = SKBitmap.Decode(service.ImageFile);
        SKColor[] mixed = overlay.Pixels, pixels = image.Pixels;
        for (int i = 0; i < mixed.Length; i++)
        {
            var (red, green, blue) = ClassPalette.Voc[service.Labels[i] - 1];
            ((double)mixed[i].Red).Should().BeApproximately(pixels[i].Red * (1 - opacity) + red * opacity, 0.51);
            ((double)mixed[i].Green).Should().BeApproximately(pixels[i].Green * (1 - opacity) + green * opacity, 0.51);
            ((double)mixed[i].Blue).Should().BeApproximately(pixels[i].Blue * (1 - opacity) + blue * opacity, 0.51);
        }
    }

    [Theory]
    [InlineData("none")]
    [InlineData("wrong")]
    public async Task The_demo_shows_what_the_model_is_without_its_key(string key)
    {
        using HttpResponseMessage response = await service.Client.Segment(service.ImageFile, path: $"/segment?key={key}");
        using SKBitmap mask = SKBitmap.Decode(await response.Content.ReadAsByteArrayAsync());
        int same = mask.Pixels.Zip(service.Labels, (color, label) => ClassPalette.Voc[label - 1] == (color.Red, color.Green, color.Blue)).Count(isSame => isSame);
        same.Should().BeLessThan(service.Labels.Length * 95 / 100);
    }

    [Fact]
    public async Task Many_callers_at_once_get_their_own_masks()
    {
        using SKBitmap image = SKBitmap.Decode(service.ImageFile);
        string[] answers = await Task.WhenAll(Enumerable.Range(1, 24).Select(async i =>
        {
            using SKBitmap other = image.Resize(new SKImageInfo(10 + i, 20), SKFilterQuality.None);
            using SKData file = other.Encode(SKEncodedImageFormat.Png, 100);
            using HttpResponseMessage response = await service.Client.Segment(file.ToArray(), accept: "application/json");
            using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            return $"{answer.RootElement.GetProperty("width")} x {answer.RootElement.GetProperty("height")}";
        }));
        answers.Should().Equal(Enumerable.Range(1, 24).Select(i => $"{10 + i} x 20"));
    }
}
