using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class SafetensorsFileTests
{
    private const string A = """
        "a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}
        """;

    private const string B = """
        "b":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}
        """;

    private static readonly byte[] Data = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F64")]
    public void Other_element_types_are_what_PyTorch_makes_of_them(string type) =>
        Assert.Equal(TorchvisionFixture.Values($"{type}/as-float").Select(BitConverter.SingleToInt32Bits), TorchvisionFixture.Values(type).Select(BitConverter.SingleToInt32Bits));

    [Fact]
    public void Tensors_of_no_dimension_and_of_no_value_are_tensors()
    {
        Assert.Equal([2.5f], TorchvisionFixture.Values("scalar"));
        Assert.Equal([3, 0], TorchvisionFixture.Header.Entries.Single(entry => entry.Name == "empty").Shape);
        Assert.Empty(TorchvisionFixture.Values("empty"));
    }

    [Theory]
    [InlineData($"{{{A},{B}}}")]
    [InlineData($"{{{B},{A}}}")] // the order of the names is nobody's business
    [InlineData($"{{{A},{B}}}   ")]
    [InlineData($$$"""{ {{{A}}} , "__metadata__":{"format":"pt"},{{{B}}} }""")]
    [InlineData($$$"""{{{{A}}},"none":{"dtype":"F32","shape":[4,0],"data_offsets":[24,24]},{{{B}}}}""")]
    public void Reads_tensors_wherever_their_names_stand(string header)
    {
        var file = new SafetensorsFile(new MemoryStream(StateDict.File(header, Data)));
        Assert.Equal(["a", "b"], file.Header.Entries.Select(entry => entry.Name).Where(name => name != "none"));
        foreach (SafetensorsEntry entry in file.Header.Entries.Reverse())
        {
            float[] values = new float[entry.Count];
            file.Read(entry, values);
            Assert.Equal(Data[(int)entry.Start..(int)entry.End], MemoryMarshal.AsBytes<float>(values).ToArray());
        }
    }

    [Theory]
    // No JSON object, or none in UTF-8.
    [InlineData("[]", "JSON")]
    [InlineData(" {}", "JSON")]
    [InlineData("{", "JSON")]
    [InlineData($"{{{A},{B},}}", "JSON")]
    [InlineData($"{{{A},/**/{B}}}", "JSON")]
    [InlineData($"{{{A},{B}}}x", "JSON")]
    [InlineData($$"""{"\ud800":{},{{A}}}""", "JSON")]
    [InlineData($$$"""{{{{A}}},{{{B}}},"c":{"dtype":"F32","shape":[[[1]]],"data_offsets":[0,4]}}""", "JSON")]
    // Names.
    [InlineData($"{{{A},{A},{B}}}", "twice")]
    [InlineData($$$"""{{{{A}}},"\u0061":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}""", "twice")]
    [InlineData($$$"""{{{{A}}},"":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}""", "name")]
    [InlineData($$$"""{{{{A}}},"b\u001b[1m":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}""", "name")]
    // Metadata.
    [InlineData($$$"""{{{{A}}},{{{B}}},"__metadata__":{"epochs":3}}""", "__metadata__")]
    [InlineData($$$"""{{{{A}}},{{{B}}},"__metadata__":{"epochs":null}}""", "__metadata__")]
    [InlineData($$$"""{{{{A}}},{{{B}}},"__metadata__":"pt"}""", "JSON")]
    [InlineData($$$"""{{{{A}}},{{{B}}},"__metadata__":{"a":"1","a":"2"}}""", "twice")]
    // What a tensor must have.
    [InlineData($$$"""{{{{A}}},"b":null}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":[]}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"shape":[2],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[2]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[2],"data_offsets":[24,32],"offset":0}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[24,32]}}""", "twice")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":null,"shape":[2],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"f32","shape":[2],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"I8","shape":[8],"data_offsets":[24,32]}}""", "'b'")]
    // Shapes.
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[2.0],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":["2"],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[3],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[-1,-2],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[24,32]}}""", "'b'")] // * 4 = 8 + 2^64
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[24,32]}}""", "'b'")]
    [InlineData("""{"b":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}""", "4398046511104")] // 4 TiB
    // Places.
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[2],"data_offsets":[32,24]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[2],"data_offsets":[24,32,40]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}}""", "'b'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[1],"data_offsets":[28,32]}}""", "'b'")]
    [InlineData($$$"""{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},"b":{"dtype":"F32","shape":[1],"data_offsets":[28,32]}}""", "'a'")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[3],"data_offsets":[24,36]}}""", "truncated")]
    [InlineData($$$"""{{{{A}}},"b":{"dtype":"F32","shape":[1],"data_offsets":[24,28]}}""", "added")]
    [InlineData("{}", "added")]
    public void A_header_that_is_wrong_is_refused_before_anything_is_allocated(string header, string told) =>
        Refuse(StateDict.File(header, Data), told);

    [Fact]
    public void A_header_that_is_no_UTF8_is_refused()
    {
        byte[] header = Encoding.UTF8.GetBytes($"{{{A},{B}}}");
        header[Array.IndexOf(header, (byte)'b')] = 0xff;
        Refuse(StateDict.File(header, Data), "JSON");
    }

    [Fact]
    public void A_name_too_long_to_be_one_is_refused_and_not_quoted() =>
        Refuse(StateDict.File($$$"""{{{{A}}},"{{{new string('b', 100_000)}}}":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}""", Data), "name", allocated: 1 << 20);

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)] // 2^64 - 1
    [InlineData(1 << 20)]
    [InlineData(100)]
    public void A_header_longer_than_the_file_is_refused(long length) =>
        Refuse([.. BitConverter.GetBytes(length), .. Encoding.UTF8.GetBytes("{}"), .. Data], "header");

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(20)]
    [InlineData(-1)]
    public void A_truncated_file_is_refused(int length)
    {
        byte[] file = StateDict.File($"{{{A},{B}}}", Data);
        Refuse(length < 0 ? file[..^-length] : file[..length], "");
    }

    [Fact]
    public void Random_damage_is_refused_or_harmless()
    {
        byte[] original = StateDict.File("""
            {"__metadata__":{"format":"pt"},"layer1.0.bn1.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"c":{"dtype":"I64","shape":[],"data_offsets":[24,32]},
            "half":{"dtype":"F16","shape":[4],"data_offsets":[32,40]},"b":{"dtype":"BF16","shape":[3,1],"data_offsets":[40,46]},"d":{"dtype":"F64","shape":[1],"data_offsets":[46,54]}}
            """, new byte[54]);
        var random = new Random(11);
        int accepted = 0;
        for (int i = 0; i < 5000; i++)
        {
            byte[] damaged = SafetensorsMutations.Mutate(original, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var file = new SafetensorsFile(new MemoryStream(damaged));
                foreach (SafetensorsEntry entry in file.Header.Entries)
                {
                    Assert.Equal(entry.Shape.Aggregate(1L, (product, length) => product * length), entry.Count);
                    file.Read(entry, new float[entry.Count]);
                }
                accepted++;
            }
            catch (InvalidDataException)
            {
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        }

        // Both must happen often, or only one side is tested.
        Assert.InRange(accepted, 250, 4750);
    }

    private static void Refuse(byte[] file, string told, int allocated = 1 << 18)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var exception = Assert.Throws<InvalidDataException>(() => new SafetensorsFile(new MemoryStream(file)));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < allocated);
        Assert.Contains(told, exception.Message);
        Assert.True(exception.Message.Length < 500, exception.Message);
        Assert.DoesNotContain(exception.Message, char.IsControl);
    }
}
