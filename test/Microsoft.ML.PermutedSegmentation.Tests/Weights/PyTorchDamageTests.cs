using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Files of PyTorch whose values are not where they should be, and small files that would take much memory or time.</summary>
public sealed class PyTorchDamageTests : IDisposable
{
    private const byte Drop = (byte)'0', Mark = (byte)'(', Put = (byte)'q', Get = (byte)'h', List = (byte)']', Append = (byte)'a', Extend = (byte)'e', None = (byte)'N',
        Tuple1 = 0x85, Call = (byte)'R', Storage = (byte)'Q', Stop = (byte)'.';

    private readonly TempFolder _folder = new();

    private string Path => _folder.At("x.pth");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("no values", null, "the values of the tensor 't' are missing")]
    [InlineData("too few", 12, "the values of the tensor 't' have 12 bytes; 4 of a FloatStorage have 16")]
    [InlineData("too many", 20, "the values of the tensor 't' have 20 bytes; 4 of a FloatStorage have 16")]
    public void A_storage_is_complete(string what, int? length, string problem) =>
        Refused(StateDictPickle.Write(Path, OneTensor(), length is { } count ? [("data/0", new byte[count])] : []), problem, what);

    [Fact]
    public void A_storage_is_not_compressed()
    {
        StateDictPickle.Write(Path, OneTensor(), []);
        using (ZipArchive archive = ZipFile.Open(Path, ZipArchiveMode.Update))
        {
            using Stream part = archive.CreateEntry("archive/data/0", CompressionLevel.SmallestSize).Open();
            part.Write(new byte[16]);
        }
        Refused(Path, "the values of the tensor 't' are compressed");
    }

    [Fact]
    public void A_storage_is_not_longer_than_the_file()
    {
        const int count = 500_000_000;
        byte[] file = File.ReadAllBytes(StateDictPickle.Write(Path, OneTensor(count), [("data/0", new byte[16])]));
        // Its entry in the list at the archive's end, the second one: both lengths.
        int entry = file.AsSpan().LastIndexOf("PK\x01\x02"u8);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(entry + 20), count * 4);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(entry + 24), count * 4);
        Refused(_folder.Write("x.pth", file), "the values of the tensor 't' go beyond the end of the file");
    }

    [Fact]
    public void Another_byte_order_is_refused()
    {
        Refused(StateDictPickle.Write(Path, OneTensor(), [("byteorder", "big"u8.ToArray()), ("data/0", new byte[16])]), "another byte order");
        Refused(_folder.Write("x.pth", StateDictPickle.OldForm(isLittleEndian: false, OneTensor(), ["0"], Counted(4))), "another byte order");
    }

    [Fact]
    public void An_old_file_has_all_values()
    {
        byte[] whole = StateDictPickle.OldForm(isLittleEndian: true, OneTensor(), ["0"], Counted(4));
        using (ITensorFile file = FileContent.OpenTensors(new MemoryStream(whole)))
            file.Entries.Single().Name.Should().Be("t");
        foreach (int missing in (int[])[1, 16, 17, 24])
            Refused(_folder.Write("x.pth", whole[..^missing]), "the values of the tensor 't' are missing, or the file ends before them");
        Refused(_folder.Write("x.pth", StateDictPickle.OldForm(isLittleEndian: true, OneTensor(), [], [])), "the values of the tensor 't' are missing");
        Refused(_folder.Write("x.pth", StateDictPickle.OldForm(isLittleEndian: true, OneTensor(), ["0"], Counted(5))), "the lengths of its storages are damaged");
    }

    // Pickles of a megabyte, none of which would ever end, or fit into memory, if each use of an object had the costs of the object.
    public static TheoryData<string, byte[]> Bombs => new()
    {
        { "a dictionary of the same items, many times",
            [List, .. Repeat(50_000, List, None, Append, None, Append, Append), Put, 0, .. StateDictPickle.Global("collections", "OrderedDict"), Put, 1, .. Repeat(150_000, Get, 1, Get, 0, Tuple1, Call), Stop] },
        { "the same dictionary under many names",
            [(byte)'}', Mark, .. Repeat(250_000, None, None), (byte)'u', Put, 0, (byte)'}', Mark, .. Repeat(200_000, None, Get, 0), (byte)'u', Stop] },
        { "a long name of many storages",
            [Mark, .. StateDictPickle.Text("storage"), .. StateDictPickle.Global("torch", "FloatStorage"), .. StateDictPickle.Text(new string('k', 500_000)), .. StateDictPickle.Text("cpu"), .. StateDictPickle.Number(4), (byte)'t', Put, 0,
                .. Repeat(150_000, Get, 0, Storage, Drop), Stop] },
        { "memories of everything", [None, .. Repeat(1_000_000, 0x94), Stop] },
        { "marks", [.. Repeat(1_000_000, Mark), Stop] },
        { "dictionaries", [.. Repeat(1_000_000, (byte)'}'), Stop] },
        { "dictionaries in dictionaries", [(byte)'}', .. Repeat(300_000, None, (byte)'}'), .. Repeat(300_000, (byte)'s'), Stop] },
        { "sets in sets", [0x8F, .. Repeat(500_000, Mark, 0x8F), .. Repeat(500_000, 0x90), Stop] },
        { "bytes of all memory there is", [0x8E, .. Repeat(8, 0xFF), Stop] },
        { "an array of bytes of half of it", [0x96, .. Repeat(7, 0xFF), 0x7F, Stop] },
    };

    [Theory]
    [MemberData(nameof(Bombs), DisableDiscoveryEnumeration = true)] // xUnit would write them out, byte by byte, to name the tests.
    public void Small_files_take_little_memory_and_time(string what, byte[] pickle)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        Refused(StateDictPickle.Write(Path, pickle, []), "", what);
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10), what);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(300L << 20, what);
    }

    [Fact]
    public void A_pickle_that_unpacks_to_much_is_refused()
    {
        using (ZipArchive archive = ZipFile.Open(Path, ZipArchiveMode.Create))
        {
            using Stream part = archive.CreateEntry("archive/data.pkl", CompressionLevel.Fastest).Open();
            part.Write(new byte[5_000_000]);
        }
        Refused(Path, "its data.pkl has 5000000 bytes");
    }

    private static void Refused(string path, string problem, string because = "") =>
        FluentActions.Invoking(() => SegmentationWeights.Load(path).Dispose()).Should().Throw<InvalidDataException>(because).WithMessage($"'{path}' holds no weights that can be read: *{problem}*");

    private static byte[] OneTensor(long count = 4) =>
        StateDictPickle.Dictionary(("t", StateDictPickle.Tensor(StateDictPickle.Storage("0", count), 0, [count], [1])));

    // A storage of an old file: how many elements it has, and four of them.
    private static byte[] Counted(long count) => [.. BitConverter.GetBytes(count), .. new byte[16]];

    private static IEnumerable<byte> Repeat(int count, params byte[] bytes) => Enumerable.Repeat(bytes, count).SelectMany(part => part);
}
