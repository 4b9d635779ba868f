using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>
/// Walks over the chunks of a PNG up to IEND. No length is believed before it is compared with what is left of the
/// file, so that the file's own size bounds every allocation.
/// </summary>
internal sealed class PngChunkReader
{
    /// <summary>What follows each chunk's content.</summary>
    public const int ChecksumBytes = sizeof(uint);

    private const long MaximumFileBytes = 1L << 30;
    private const int PartBytes = 1 << 14;

    private readonly Stream _stream;
    private readonly string _name;
    private readonly byte[] _type = new byte[4];
    private int _length;

    /// <param name="stream">A seekable stream at its beginning.</param>
    /// <param name="name">The file's name, for error messages.</param>
    public PngChunkReader(Stream stream, string name)
    {
        _stream = stream;
        _name = name;
        Header = PngHeader.Read(stream, name);
        if (stream.Length > MaximumFileBytes)
            throw PngHeader.Bad(name, $"it has {stream.Length} bytes, more than the {MaximumFileBytes} that are read");
    }

    public PngHeader Header { get; }

    /// <summary>The current chunk's type, four ASCII letters.</summary>
    public string Type { get; private set; } = "";

    /// <summary>Upper case first letter: a reader that does not know such a chunk must not go on.</summary>
    public bool IsCritical => char.IsAsciiLetterUpper((char)_type[0]);

    /// <summary>How many bytes the current chunk's content has.</summary>
    public int Length => _length;

    /// <summary>Goes to the next chunk, whose content must then be read or checked. False at IEND.</summary>
    public bool MoveNext()
    {
        Span<byte> start = stackalloc byte[8];
        if (_stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length)
            throw Truncated();
        start[4..].CopyTo(_type);
        if (!_type.All(letter => char.IsAsciiLetter((char)letter)))
            throw PngHeader.Bad(_name, $"there is no chunk at byte {_stream.Position - start.Length}, where one should begin");
        Type = Encoding.ASCII.GetString(_type);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(start);
        if (length + (long)ChecksumBytes > _stream.Length - _stream.Position)
            throw Truncated();
        _length = (int)length;
        return Type != "IEND";
    }

    /// <summary>Reads the current chunk's content.</summary>
    /// <param name="buffer">Where to: it needs room for the content and <see cref="ChecksumBytes"/>.</param>
    public ReadOnlySpan<byte> ReadContent(Span<byte> buffer)
    {
        buffer = buffer[..(_length + ChecksumBytes)];
        _stream.ReadExactly(buffer);
        CheckChecksum(Crc32Of(buffer[.._length]), buffer[_length..]);
        return buffer[.._length];
    }

    /// <summary>Compares the current chunk's checksum, a part of its content in memory at a time.</summary>
    public void CheckContent()
    {
        Span<byte> part = stackalloc byte[PartBytes];
        Crc32 checksum = Crc32Of([]);
        for (int left = _length; left > 0; left -= part.Length)
        {
            part = part[..Math.Min(left, part.Length)];
            _stream.ReadExactly(part);
            checksum.Append(part);
        }
        Span<byte> stored = stackalloc byte[ChecksumBytes];
        _stream.ReadExactly(stored);
        CheckChecksum(checksum, stored);
    }

    // Of type and content (ISO/IEC 15948, section 5.3).
    private Crc32 Crc32Of(ReadOnlySpan<byte> content)
    {
        var checksum = new Crc32();
        checksum.Append(_type);
        checksum.Append(content);
        return checksum;
    }

    private void CheckChecksum(Crc32 checksum, ReadOnlySpan<byte> stored)
    {
        if (BinaryPrimitives.ReadUInt32BigEndian(stored) != checksum.GetCurrentHashAsUInt32())
            throw PngHeader.Bad(_name, $"the checksum of its chunk {Type} at byte {_stream.Position - _length - 12} is wrong");
    }

    private InvalidDataException Truncated() =>
        PngHeader.Bad(_name, "it is truncated: the file ends before the closing IEND chunk");
}
