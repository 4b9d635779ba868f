"""Writes PngFixtures.cs: small PNG files made here by hand from the PNG specification (ISO/IEC 15948) with nothing but
zlib, so that the library's decoder is tested against files it had no part in. Run: python3 make_png_fixtures.py"""
import base64
import struct
import zlib

WIDTH, HEIGHT = 13, 11
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def value(x, y, levels):
    return (7 * x + 13 * y + x * y // 3) % levels


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def paeth(a, b, c):
    return min((a, b, c), key=lambda candidate: abs(a + b - c - candidate))  # min keeps the first: a, b, c in order


def filtered(row, above, kind, distance):
    left = bytes(distance) + row
    above_left = bytes(distance) + above
    predictors = {
        0: lambda i: 0,
        1: lambda i: left[i],
        2: lambda i: above[i],
        3: lambda i: (left[i] + above[i]) // 2,
        4: lambda i: paeth(left[i], above[i], above_left[i]),
    }
    return bytes([kind]) + bytes((row[i] - predictors[kind](i)) % 256 for i in range(len(row)))


def encode(pixel, depth, color_type, kind=None, interlaced=False, extra=b"", split=None):
    """pixel(x, y) gives the samples of a pixel; kind is the row filter, None for all five in turn."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type]
    distance = max(1, channels * depth // 8)
    data = b""
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        above = None
        for n, y in enumerate(range(y0, HEIGHT, dy)):
            bits = "".join(format(s, "0%db" % depth) for x in range(x0, WIDTH, dx) for s in pixel(x, y))
            if not bits:
                break
            bits += "0" * (-len(bits) % 8)
            row = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
            data += filtered(row, above or bytes(len(row)), n % 5 if kind is None else kind, distance)
            above = row
    packed = zlib.compress(data, 9)
    pieces = [packed[i:i + split] for i in range(0, len(packed), split)] + [b""] if split else [packed]
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, color_type, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + b"".join(chunk(b"IDAT", piece) for piece in pieces) + chunk(b"IEND", b""))


def voc_color(index):
    color = [0, 0, 0]
    for i in range(8):
        for c in range(3):
            color[c] |= (index >> (3 * i + c) & 1) << (7 - i)
    return tuple(color)


def class_or_void(x, y):
    return 255 if value(x, y, 22) == 21 else value(x, y, 22)


def index(levels):
    return lambda x, y: (value(x, y, levels),)


def palette(entries):
    # Not VOC's; every color is there twice, and half of the entries are transparent.
    colors = b"".join(bytes([10 * (i // 2), 3, 200]) for i in range(entries))
    return chunk(b"PLTE", colors) + chunk(b"tRNS", bytes(i % 2 * 255 for i in range(entries)))


fixtures = {}
for depth in (1, 2, 4, 8):
    levels = min(2 ** depth, 23)
    fixtures["indexed%d" % depth] = encode(index(levels), depth, 3, extra=palette(levels))
    fixtures["grey%d" % depth] = encode(index(levels), depth, 0)
    fixtures["indexed%d-adam7" % depth] = encode(index(levels), depth, 3, interlaced=True, extra=palette(levels))
for kind in range(5):
    fixtures["indexed8-filter%d" % kind] = encode(index(23), 8, 3, kind=kind, extra=palette(23))
fixtures["indexed8-split"] = encode(index(23), 8, 3, split=7, extra=chunk(b"tEXt", b"Title\0mask") + palette(23))
fixtures["rgb8"] = encode(lambda x, y: voc_color(class_or_void(x, y)), 8, 2)
fixtures["rgba8-adam7"] = encode(lambda x, y: voc_color(class_or_void(x, y)) + (255,), 8, 6, interlaced=True)
fixtures["rgba8-transparent"] = encode(lambda x, y: voc_color(class_or_void(x, y)) + (0 if (x, y) == (5, 2) else 255,), 8, 6)
fixtures["rgb8-strange"] = encode(lambda x, y: (1, 2, 3) if (x, y) == (4, 7) else voc_color(class_or_void(x, y)), 8, 2)
fixtures["grey-alpha8"] = encode(lambda x, y: (value(x, y, 23), 255), 8, 4)
fixtures["grey16"] = encode(index(23), 16, 0)

with open("PngFixtures.cs", "w") as file:
    file.write("""namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>PNG files of 13 x 11 pixels, written by make_png_fixtures.py beside this file; not made by hand.</summary>
internal static class PngFixtures
{
    public const int Width = %d;
    public const int Height = %d;

    private static readonly Dictionary<string, string> Files = new()
    {
""" % (WIDTH, HEIGHT))
    for name, png in fixtures.items():
        file.write('        ["%s"] =\n' % name)
        text = base64.b64encode(png).decode()
        lines = [text[i:i + 110] for i in range(0, len(text), 110)]
        file.write(" +\n".join('            "%s"' % line for line in lines) + ",\n")
    file.write("""    };

    public static byte[] Get(string name) => Convert.FromBase64String(Files[name]);

    /// <summary>The indices that a file of so many levels holds, by the formula of the script.</summary>
    public static byte[] Expected(int levels) =>
        [.. from y in Enumerable.Range(0, Height) from x in Enumerable.Range(0, Width) select (byte)((7 * x + 13 * y + x * y / 3) % levels)];
}
""")
