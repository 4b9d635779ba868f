using System.Buffers.Binary;
using System.IO.Hashing;
using System.Net;
using SkiaSharp;

namespace ServiceTests.Service;

/// <summary>Requests that cannot be answered: each with the status and the words for it, and nothing of the inside.</summary>
public sealed class RefusalTests(RunningService service) : IClassFixture<RunningService>
{
    [Fact]
    public async Task What_is_no_image_is_refused()
    {
        (await (await service.Client.Segment([1, 2, 3])).Problem(HttpStatusCode.BadRequest)).Should().Contain("neither a JPEG nor a PNG");
        (await (await service.Client.Segment([])).Problem(HttpStatusCode.BadRequest)).Should().Contain("empty");
        (await (await service.Client.Segment(service.ImageFile[..^20])).Problem(HttpStatusCode.BadRequest)).Should().Contain("truncated");
        byte[] damaged = [.. service.ImageFile];
        damaged[^20] ^= 1;
        await (await service.Client.Segment(damaged)).Problem(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task What_is_not_sent_as_an_image_is_refused(string? type) =>
        (await (await service.Client.Segment(service.ImageFile, type)).Problem(HttpStatusCode.UnsupportedMediaType)).Should().Contain("image/jpeg");

    [Fact]
    public async Task Forms_have_one_file()
    {
        (await (await service.Client.SegmentForm([])).Problem(HttpStatusCode.BadRequest)).Should().Contain("cannot be read");
        await (await service.Client.Segment(service.ImageFile, "multipart/form-dataX; boundary=x")).Problem(HttpStatusCode.UnsupportedMediaType);
        byte[] cut = "--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nabc"u8.ToArray();
        (await (await service.Client.Segment(cut, "multipart/form-data; boundary=x")).Problem(HttpStatusCode.BadRequest)).Should().Contain("cannot be read");
        byte[] text = "--x\r\nContent-Disposition: form-data; name=_charset_\r\nContent-Type: text/plain; charset=utf-7\r\n\r\nutf-7\r\n--x--\r\n"u8.ToArray();
        (await (await service.Client.Segment(text, "multipart/form-data; boundary=x")).Problem(HttpStatusCode.BadRequest)).Should().Contain("0 files");
        (await (await service.Client.SegmentForm([service.ImageFile, service.ImageFile])).Problem(HttpStatusCode.BadRequest)).Should().Contain("2 files");
        await (await service.Client.Segment([1], "multipart/form-data")).Problem(HttpStatusCode.BadRequest);
        await (await service.Client.Segment([1], "multipart/form-data; boundary=x")).Problem(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Too_many_bytes_or_pixels_are_refused()
    {
        (await (await service.Client.Segment(new byte[200_001])).Problem(HttpStatusCode.RequestEntityTooLarge)).Should().Contain("200000");
        await (await service.Client.SegmentForm([new byte[200_001]])).Problem(HttpStatusCode.RequestEntityTooLarge);
        using var bitmap = new SKBitmap(1001, 1000);
        using SKData file = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        file.Size.Should().BeLessThan(200_000);
        (await (await service.Client.Segment(file.ToArray())).Problem(HttpStatusCode.RequestEntityTooLarge)).Should().Contain("1001 x 1000");
    }

    [Fact]
    public async Task A_small_file_that_would_unpack_to_gigabytes_is_refused_by_its_header()
    {
        byte[] file = [.. service.ImageFile];
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), 40_000);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), 40_000);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(29), Crc32.HashToUInt32(file.AsSpan(12, 17)));
        (await (await service.Client.Segment(file)).Problem(HttpStatusCode.BadRequest)).Should().Contain("40000 x 40000");
    }

    [Theory]
    [InlineData("/segment?key=other")]
    [InlineData("/segment/overlay?opacity=2")]
    [InlineData("/segment/overlay?opacity=NaN")]
    [InlineData("/segment/overlay?opacity=-0.1")]
    [InlineData("/segment/overlay?opacity=much")]
    public async Task Parameters_that_cannot_be_meant_are_refused(string path) => await (await service.Client.Segment(service.ImageFile, path: path)).Problem(HttpStatusCode.BadRequest);

    [Fact]
    public async Task An_answer_in_no_form_of_ours_is_refused() =>
        (await (await service.Client.Segment(service.ImageFile, accept: "text/html")).Problem(HttpStatusCode.NotAcceptable)).Should().Contain("image/png");

    [Fact]
    public async Task Random_bodies_never_end_it_and_never_are_its_fault()
    {
        var random = new Random(1);
        byte[][] whole = [service.ImageFile, Jpeg(service.ImageFile)];
        for (int i = 0; i < 400; i++)
        {
            byte[] body = [.. whole[random.Next(2)]];
            for (int change = random.Next(1, 8); change > 0; change--)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0)
                body = body[..random.Next(body.Length)];
            using HttpResponseMessage response = await service.Client.Segment(body, "application/octet-stream");
            response.StatusCode.Should().BeOneOf([HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge], Convert.ToBase64String(body));
        }
        service.Output.Should().NotContain("could not be answered");
    }

    [Fact]
    public async Task Errors_have_the_headers_of_other_answers()
    {
        using HttpResponseMessage response = await service.Client.Segment([1, 2, 3]);
        response.Headers.GetValues("Content-Security-Policy").Single().Should().StartWith("default-src 'none'");
        response.Headers.GetValues("X-Content-Type-Options").Single().Should().Be("nosniff");
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
    }

    private static byte[] Jpeg(byte[] png)
    {
        using SKBitmap bitmap = SKBitmap.Decode(png);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }
}
