using System.IO.Compression;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Data;
using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ModelFileTests(TrainedModel trained) : IClassFixture<TrainedModel>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Saving_again_gives_the_same_model_locked_or_not()
    {
        byte[] first = ReadModel(trained.ModelPath);
        using var wrong = TestKeys.Wrong();
        ITransformer locked = trained.Load();
        foreach (ITransformer model in (ITransformer[])[locked, trained.MLContext.Segmentation().Unlock(locked, trained.Key), trained.MLContext.Segmentation().Unlock(locked, wrong)])
        {
            string path = _folder.At("again.zip");
            trained.MLContext.Model.Save(model, trained.Data.Schema, path);
            Assert.Equal(first, ReadModel(path));
        }
    }

    [Fact]
    public void The_file_has_protected_weights_and_no_plain_ones_and_no_key()
    {
        byte[] file = ReadModel(trained.ModelPath);
        // Reads map 6; with 3 classes x 128 channels. A row of it is a needle that cannot occur by chance.
        float[] plainRow = ClassifierRow(trained.Transformer), lockedRow = ClassifierRow(Unchained(trained.Load()));
        Assert.Equal(plainRow.Order(), lockedRow.Order());
        Assert.True(Contains(file, MemoryMarshal.AsBytes(lockedRow.AsSpan())));
        for (int i = 0; i + 4 <= plainRow.Length; i += 4)
            Assert.False(Contains(file, MemoryMarshal.AsBytes(plainRow.AsSpan(i, 4))));

        byte[] key = [.. Enumerable.Range(1, 32).Select(i => (byte)(7 * i))];
        Assert.False(Contains(File.ReadAllBytes(trained.ModelPath), key));
        Assert.False(Contains(file, key.AsSpan(0, 8)));
        Assert.DoesNotContain(Convert.ToBase64String(key)[..12], Encoding.Latin1.GetString(file));
    }

    [Fact]
    public void Works_inside_a_saved_pipeline_with_the_loading_steps_before_it()
    {
        string[] names = ["a.png", "b.png"];
        foreach (string name in names)
            _folder.WriteImage(name, 40, 30, SkiaSharp.SKEncodedImageFormat.Png);
        IDataView rows = trained.MLContext.Data.LoadFromEnumerable(names.Select(name => new { File = name }));
        var chain = trained.MLContext.Transforms.LoadImages("Image", _folder.Root, "File").Fit(rows).Append(trained.Transformer);
        string path = _folder.At("chain.zip");
        trained.MLContext.Model.Save(chain, rows.Schema, path);
        var fresh = new MLContext();
        ITransformer unlocked = fresh.Segmentation().Unlock(fresh.Model.Load(path, out DataViewSchema schema), trained.Key, verify: true);
        Assert.Equal("File", schema.Single().Name);
        Assert.Equal(chain.Transform(rows).GetColumn<byte[]>("PredictedLabel"), unlocked.Transform(rows).GetColumn<byte[]>("PredictedLabel"));
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.5)]
    [InlineData(0.98)]
    public void A_truncated_file_is_refused(double share)
    {
        byte[] file = File.ReadAllBytes(trained.ModelPath);
        AssertDamaged(file[..(int)(file.Length * share)]);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(200_000)]
    [InlineData(-40)]
    [InlineData(-1)]
    public void An_altered_byte_is_found(int position)
    {
        byte[] model = ReadModel(trained.ModelPath);
        model[position < 0 ? model.Length + position : position] ^= 1;
        AssertDamaged(WithModel(model));
    }

    // With a checksum that is right: whoever wrote it has meant it.
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_not_numbers_are_refused_by_name(float value)
    {
        byte[] model = ReadModel(trained.ModelPath);
        BitConverter.TryWriteBytes(model.AsSpan(8 + BitConverter.ToInt32(model)), value);
        SHA256.HashData(model.AsSpan(..^32), model.AsSpan(^32..));
        Assert.Contains("'backbone.conv1.weight'", Assert.Throws<InvalidDataException>(() => Read(model, model.Length)).Message);
        AssertDamaged(WithModel(model));
    }

    // As older files are, and those that another program has packed again.
    [Fact]
    public void A_compressed_entry_is_read_too()
    {
        byte[] file = WithModel(ReadModel(trained.ModelPath));
        Assert.True(file.Length < new FileInfo(trained.ModelPath).Length);
        Load(file);
    }

    [Fact]
    public void A_damaged_file_leaves_no_tensors_behind()
    {
        byte[] model = ReadModel(trained.ModelPath);
        model[^40] ^= 1;
        byte[] file = WithModel(model);
        AssertDamaged(file);
        long before = SmallNetworks.LiveTensors;
        AssertDamaged(file);
        // An archive may say that an entry is longer than it is: the weights, or the checksum, then end too early.
        foreach (int end in (int[])[model.Length / 2, model.Length - 4])
        {
            Assert.Throws<InvalidDataException>(() => Read(model[..end], model.Length));
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void Missing_and_surplus_bytes_are_found()
    {
        byte[] model = ReadModel(trained.ModelPath);
        AssertDamaged(WithModel(model[..^4]));
        AssertDamaged(WithModel([.. model, 0, 0, 0, 0]));
        AssertDamaged(WithModel([]));
        AssertDamaged(WithModel([0xff, 0xff, 0xff, 0x7f, 1, 2, 3]));
    }

    [Theory]
    [InlineData("ResNet18", "ResNet50")] // weights of another network
    [InlineData("ResNet18", "ResNet99")]
    [InlineData("ResNet18", "resNet18")]
    [InlineData("\"Fcn\"", "\"Fcm\"")]
    [InlineData("output_stride\":\"8", "output_stride\":\"7")]
    [InlineData("image_height\":\"32", "image_height\":\"2000000000")]
    [InlineData("image_height\":\"32", "image_height\":\"33")]
    [InlineData("salt\":\"", "salt\":\"aaaa")]
    [InlineData("1,2,3,4,5,6", "1,2,3,4,5,7")]
    [InlineData("\"class_names\"", "\"classes\"")]
    [InlineData("image_column\":\"Image", "image_column\":\"")]
    [InlineData("/model/2", "/model/3")]
    [InlineData("sha256", "sha257")]
    [InlineData("U8", "I8")]
    [InlineData("\"shape\":[64,3,7,7]", "\"shape\":[3,64,7,7]")]
    [InlineData("backbone.conv1.weight", "backbone.conv2.weight")]
    public void An_altered_head_is_found(string from, string to)
    {
        byte[] model = ReadModel(trained.ModelPath);
        int length = BitConverter.ToInt32(model);
        string json = Encoding.UTF8.GetString(model, 8, length);
        Assert.Contains(from, json);
        byte[] altered = Encoding.UTF8.GetBytes(json.Replace(from, to));
        model = [.. BitConverter.GetBytes((long)altered.Length), .. altered, .. model[(8 + length)..]];
        SHA256.HashData(model.AsSpan(..^32), model.AsSpan(^32..)); // so that it is not the checksum that tells it
        AssertDamaged(WithModel(model));
    }

    [Fact]
    public void Random_damage_to_the_head_is_refused_or_harmless()
    {
        byte[] model = ReadModel(trained.ModelPath), head = model[..(8 + BitConverter.ToInt32(model))];
        int metadata = Encoding.UTF8.GetString(head).IndexOf("}");
        var random = new Random(5);
        int accepted = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] damaged = [.. head];
            if (random.Next(2) == 0)
                damaged = SafetensorsMutations.Mutate(head, random);
            else
                damaged[random.Next(8, metadata)] = (byte)random.Next(' ', 127);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                StoredModel stored = StoredModel.Open(new MemoryStream(damaged), model.Length - head.Length + damaged.Length);
                Assert.Equal(ModelMetadata.Write(stored.Description), ModelMetadata.Write(ModelMetadata.Read(stored.Metadata)));
                Assert.Equal(107, stored.Tensors.Count);
                accepted++;
            }
            catch (InvalidDataException)
            {
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        }
        // Both must happen often, or only one side is tested.
        Assert.InRange(accepted, 50, 1950);
    }

    [Fact]
    public void A_file_of_a_later_version_is_refused()
    {
        // ML.NET's own header holds the version that wrote a model and the version that can read it.
        byte[] header = ReadEntry(trained.ModelPath, "Model.key");
        int at = header.AsSpan().IndexOf("PERMSEGM"u8);
        Assert.True(at >= 0);
        for (int i = 0; i < 2; i++)
            BitConverter.TryWriteBytes(header.AsSpan(at + 8 + 4 * i), 0x00010009);
        Exception exception = Assert.ThrowsAny<Exception>(() => Load(WithEntry("Model.key", header)));
        Assert.IsType<FormatException>(exception.GetBaseException());
    }

    private void AssertDamaged(byte[] file)
    {
        Exception thrown = Assert.ThrowsAny<Exception>(() => Load(file));
        // ML.NET calls our loader by reflection and wraps what it throws.
        Exception? exception = thrown is TargetInvocationException ? thrown.InnerException : thrown;
        Assert.True(exception is InvalidDataException or FormatException, thrown.ToString());
    }

    private void Load(byte[] file)
    {
        using var stream = new MemoryStream(file);
        new MLContext().Model.Load(stream, out _);
    }

    private static void Read(byte[] model, long length)
    {
        using var stream = new MemoryStream(model);
        ModelFile.Load(StoredModel.Open(stream, length)).Dispose();
    }

    private static byte[] ReadModel(string path) => ReadEntry(path, "Segmentation.safetensors");

    private static byte[] ReadEntry(string path, string name)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        using Stream entry = Find(zip, name).Open();
        using var content = new MemoryStream();
        entry.CopyTo(content);
        return content.ToArray();
    }

    private byte[] WithModel(byte[] model) => WithEntry("Segmentation.safetensors", model);

    private byte[] WithEntry(string name, byte[] content)
    {
        string path = _folder.At("altered.zip");
        File.Copy(trained.ModelPath, path, overwrite: true);
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            ZipArchiveEntry old = Find(zip, name);
            string fullName = old.FullName;
            old.Delete();
            using Stream entry = zip.CreateEntry(fullName).Open();
            entry.Write(content);
        }
        return File.ReadAllBytes(path);
    }

    private static ZipArchiveEntry Find(ZipArchive zip, string name)
        => zip.Entries.Single(entry => $"/{entry.FullName.Replace('\\', '/')}".EndsWith($"TransformerChain/{name}", StringComparison.Ordinal));

    private static PermutedSegmentationTransformer Unchained(ITransformer model)
        => new MLContext().Segmentation().GetSegmenter(model);

    private static float[] ClassifierRow(PermutedSegmentationTransformer transformer)
    {
        using torch.Tensor row = transformer.Network().State["classifier.4.weight"][0].flatten();
        return row.data<float>().ToArray();
    }

    private static bool Contains(byte[] haystack, ReadOnlySpan<byte> needle) => haystack.AsSpan().IndexOf(needle) >= 0;
}
