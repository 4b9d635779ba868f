using Microsoft.AspNetCore.WebUtilities;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Microsoft.Net.Http.Headers;

namespace SegmentationService.Endpoints;

/// <summary>The image of a request: its bytes as the body, or as the one file of a form. All bodies together have a bound.</summary>
internal sealed class UploadedImages(ServiceSettings settings)
{
    private const string Name = "image";

    private const int ChunkBytes = 1 << 16, MostParts = 16;

    private long _buffered;

    /// <summary>Reads the bytes of an image. They are not looked at.</summary>
    /// <exception cref="RefusedRequestException">It is not what is asked for, or there are too many bytes on their way already.</exception>
    /// <exception cref="BadHttpRequestException">The body is too large, or does not come.</exception>
    public async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        _ = MediaTypeHeaderValue.TryParse(request.ContentType, out var type);
        bool isForm = type?.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;
        if (!isForm && type?.Type.Equals("image", StringComparison.OrdinalIgnoreCase) != true && type?.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase) != true)
            throw new RefusedRequestException(StatusCodes.Status415UnsupportedMediaType, "Send a JPEG or PNG file as image/jpeg, image/png or application/octet-stream, or as the one file of a form (multipart/form-data).");
        byte[] content = await ReadBodyAsync(request.Body, cancellation);
        return isForm ? await FileOfFormAsync(content, HeaderUtilities.RemoveQuotes(type!.Boundary).Value, cancellation) : content;
    }

    /// <summary>Decodes an image that is whole, of a kind that is decoded, and not too large: the header tells.</summary>
    /// <exception cref="RefusedRequestException">It has too many pixels.</exception>
    /// <exception cref="InvalidDataException">The image is damaged, or of a kind that is not decoded.</exception>
    public MLImage Decode(byte[] content)
    {
        var (height, width) = ImageFile.CheckWhole(content, Name);
        return (long)height * width <= settings.MaximumPixels
            ? ImageFile.Load(content, Name)
            : throw new RefusedRequestException(StatusCodes.Status413PayloadTooLarge, $"The image has {width} x {height} pixels (width x height); at most {settings.MaximumPixels:N0} pixels are taken.");
    }

    // Chunk by chunk: memory is taken for what has come, not for what was announced.
    private async Task<byte[]> ReadBodyAsync(Stream body, CancellationToken cancellation)
    {
        var chunks = new List<byte[]>();
        int length = 0;
        try
        {
            while (true)
            {
                if (length == chunks.Count * ChunkBytes)
                {
                    if (Interlocked.Add(ref _buffered, ChunkBytes) > settings.MaximumBufferedBytes)
                    {
                        Interlocked.Add(ref _buffered, -ChunkBytes);
                        throw new RefusedRequestException(StatusCodes.Status429TooManyRequests, $"All requests together have sent {settings.MaximumBufferedBytes:N0} bytes already.", TimeSpan.FromSeconds(2));
                    }
                    chunks.Add(GC.AllocateUninitializedArray<byte>(ChunkBytes));
                }
                int at = length % ChunkBytes, count = await body.ReadAsync(chunks[^1].AsMemory(at), cancellation);
                if (count == 0)
                    return Join(chunks, length);
                length += count;
            }
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            throw new RefusedRequestException(StatusCodes.Status400BadRequest, "The body cannot be read to its end.");
        }
        finally
        {
            Interlocked.Add(ref _buffered, -(long)chunks.Count * ChunkBytes);
        }
    }

    private static byte[] Join(List<byte[]> chunks, int length)
    {
        byte[] whole = GC.AllocateUninitializedArray<byte>(length);
        for (int i = 0; i * ChunkBytes < length; i++)
            chunks[i].AsSpan(0, Math.Min(ChunkBytes, length - i * ChunkBytes)).CopyTo(whole.AsSpan(i * ChunkBytes));
        return whole;
    }

    // RFC 7578. What is no file, such as a text field, does not matter.
    private static async Task<byte[]> FileOfFormAsync(byte[] form, string? boundary, CancellationToken cancellation)
    {
        var files = new List<byte[]>();
        try
        {
            var reader = new MultipartReader(boundary ?? throw new InvalidDataException(), new MemoryStream(form));
            for (int parts = 0; await reader.ReadNextSectionAsync(cancellation) is { } section;)
            {
                if (++parts > MostParts)
                    throw new RefusedRequestException(StatusCodes.Status400BadRequest, $"The form has more than {MostParts} parts; it should have one, the image.");
                if (section.GetContentDispositionHeader() is not { } disposition || !disposition.IsFileDisposition())
                    continue;
                using var file = new MemoryStream();
                await section.Body.CopyToAsync(file, cancellation);
                files.Add(file.ToArray());
            }
        }
        // Forms that are none.
        catch (Exception exception) when (exception is InvalidDataException or IOException or ArgumentException or FormatException)
        {
            throw new RefusedRequestException(StatusCodes.Status400BadRequest, "The form cannot be read: it is no whole multipart/form-data.");
        }
        return files is [var only] ? only : throw new RefusedRequestException(StatusCodes.Status400BadRequest, $"The form has {files.Count} files; it should have one, the image.");
    }
}
