using Microsoft.ML.PermutedSegmentation;

namespace SegmentationService.Endpoints;

/// <summary>The image of a request: its bytes as the body, or as the one file of a form.</summary>
internal static class UploadedImage
{
    private const string Name = "image";

    /// <summary>Reads the bytes of an image that is whole, of a kind that is decoded, and not too large. Nothing is decoded.</summary>
    /// <exception cref="RefusedRequestException">It is not what is asked for.</exception>
    /// <exception cref="InvalidDataException">The image is damaged, or of a kind that is not decoded.</exception>
    /// <exception cref="BadHttpRequestException">The body is too large, or does not come.</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, ServiceSettings settings, CancellationToken cancellation)
    {
        byte[] content = request.ContentType switch
        {
            { } type when type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) => await ReadFormAsync(request, cancellation),
            { } type when type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase) =>
                await ReadAsync(request.Body, request.ContentLength, settings.MaximumBytes, cancellation),
            var other => throw new RefusedRequestException(
                StatusCodes.Status415UnsupportedMediaType, $"Send a JPEG or PNG file as image/jpeg, image/png, application/octet-stream, or in a form (multipart/form-data), not as {other ?? "nothing"}."),
        };
        var (height, width) = ImageFile.CheckWhole(content, Name);
        return (long)height * width <= settings.MaximumPixels
            ? content
            : throw new RefusedRequestException(StatusCodes.Status413PayloadTooLarge, $"The image has {width} x {height} pixels (width x height); at most {settings.MaximumPixels:N0} pixels are taken.");
    }

    /// <summary>What messages call it.</summary>
    public static string NameOf => Name;

    private static async Task<byte[]> ReadFormAsync(HttpRequest request, CancellationToken cancellation)
    {
        IFormCollection form;
        try
        {
            form = await request.ReadFormAsync(cancellation);
        }
        // Forms that are none.
        catch (Exception exception) when (exception is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw new RefusedRequestException(StatusCodes.Status400BadRequest, "The form cannot be read: it is no whole multipart/form-data, or it is too large.");
        }
        if (form.Files is not [var file])
            throw new RefusedRequestException(StatusCodes.Status400BadRequest, $"The form has {form.Files.Count} files; it should have one, the image.");
        using var stream = file.OpenReadStream();
        return await ReadAsync(stream, file.Length, int.MaxValue, cancellation);
    }

    private static async Task<byte[]> ReadAsync(Stream stream, long? length, int most, CancellationToken cancellation)
    {
        // What a caller announces is believed only up to a point.
        using var memory = new MemoryStream((int)Math.Min(length ?? 0, Math.Min(most, 1 << 20)));
        await stream.CopyToAsync(memory, cancellation);
        return memory.ToArray();
    }
}
