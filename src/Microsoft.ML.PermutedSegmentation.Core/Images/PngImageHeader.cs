namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>PNG files as images (ISO/IEC 15948): what is read of them, and whether they are whole.</summary>
internal static class PngImageHeader
{
    /// <summary>Reads all chunks and compares their checksums; nothing is unpacked, and bytes after the end do not matter.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or has 16 bits a sample.</exception>
    public static ImageFileHeader Read(Stream stream, string path)
    {
        var chunks = new PngChunkReader(stream, path);
        PngHeader header = chunks.Header;
        ImageFileHeader.CheckSize(path, header.Height, header.Width);
        // Cameras fill 10 to 14 of 16 bits, and a decoder that keeps the upper 8 shows those black.
        if (header.BitDepth == 16)
            throw PngHeader.Bad(path, "it has 16 bits a sample, and which part of their range the picture fills is not known; save it with 8 bits, scaled as it should look");
        bool isTransparent = header.ColorType is PngColorType.GreyAlpha or PngColorType.Rgba;
        int orientation = ExifOrientation.Upright;
        long compressed = 0;
        while (chunks.MoveNext())
        {
            switch (chunks.Type)
            {
                case "IDAT":
                    compressed += chunks.Length;
                    goto default;
                case "eXIf":
                    orientation = ExifOrientation.Read(chunks.ReadContent(new byte[chunks.Length + PngChunkReader.ChecksumBytes]));
                    break;
                case "tRNS":
                    isTransparent = true;
                    goto default;
                default:
                    chunks.CheckContent();
                    break;
            }
        }
        chunks.CheckContent();
        PngDecoder.CheckCanHold(header, compressed, path);
        return new ImageFileHeader(path, header.Height, header.Width, orientation, isTransparent);
    }
}
