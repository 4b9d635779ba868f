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
        using var wrong = PermutationKey.Generate();
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
    [InlineData(2000)]
    [InlineData(-40)]
    [InlineData(-1)]
    public void An_altered_weight_or_checksum_is_found(int position)
    {
        byte[] model = ReadModel(trained.ModelPath);
        model[position < 0 ? model.Length + position : position] ^= 1;
        AssertDamaged(WithModel(model));
    }

    // With a checksum that is right: whoever wrote it has meant it.
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_no_numbers_are_refused_by_name(float value)
    {
        byte[] model = ReadModel(trained.ModelPath);
        BitConverter.TryWriteBytes(model.AsSpan(4 + BitConverter.ToInt32(model)), value);
        SHA256.HashData(model.AsSpan(..^32), model.AsSpan(^32..));
        using var stream = new MemoryStream(model);
        Assert.Contains("'backbone.conv1.weight'", Assert.Throws<InvalidDataException>(() => ModelFile.Load(stream, model.Length)).Message);
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
            using var stream = new MemoryStream(model[..end]);
            Assert.Throws<InvalidDataException>(() => ModelFile.Load(stream, model.Length));
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
    [InlineData("\"resNet18\"", "\"resNet50\"")] // weights of another network
    [InlineData("\"resNet18\"", "\"resNet99\"")]
    [InlineData("\"outputStride\": 8", "\"outputStride\": 7")]
    [InlineData("\"imageHeight\": 32", "\"imageHeight\": 2000000000")]
    [InlineData("\"imageHeight\": 32", "\"imageHeight\": 33")]
    [InlineData("\"salt\": \"", "\"salt\": \"AAAA")]
    [InlineData("\"featureMaps\": \"All\"", "\"featureMaps\": \"All, 128\"")]
    [InlineData("\"featureMaps\": \"All\"", "\"featureMaps\": \"Outer\"")]
    [InlineData("\"classNames\"", "\"classes\"")]
    public void An_altered_description_is_found(string from, string to)
    {
        byte[] model = ReadModel(trained.ModelPath);
        int length = BitConverter.ToInt32(model);
        string json = Encoding.UTF8.GetString(model, 4, length);
        Assert.Contains(from, json, StringComparison.OrdinalIgnoreCase);
        byte[] altered = Encoding.UTF8.GetBytes(json.Replace(from, to, StringComparison.OrdinalIgnoreCase));
        AssertDamaged(WithModel([.. BitConverter.GetBytes(altered.Length), .. altered, .. model[(4 + length)..]]));
    }

    [Theory]
    [InlineData("All", FeatureMaps.All)]
    [InlineData("Stem, Head", FeatureMaps.Stem | FeatureMaps.Head)]
    public void Maps_are_stored_by_the_names_that_older_files_have(string text, FeatureMaps maps)
    {
        ModelDescription description = Unchained(trained.Load()).Model.Description with { FeatureMaps = maps };
        Assert.Contains($"\"featureMaps\": \"{text}\"", Encoding.UTF8.GetString(description.ToJson()));
        Assert.Equal(maps, ModelDescription.FromJson(description.ToJson()).FeatureMaps);
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

    private static byte[] ReadModel(string path) => ReadEntry(path, "Segmentation");

    private static byte[] ReadEntry(string path, string name)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        using Stream entry = Find(zip, name).Open();
        using var content = new MemoryStream();
        entry.CopyTo(content);
        return content.ToArray();
    }

    private byte[] WithModel(byte[] model) => WithEntry("Segmentation", model);

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
        => model as PermutedSegmentationTransformer ?? ((IEnumerable<ITransformer>)model).OfType<PermutedSegmentationTransformer>().Single();

    private static float[] ClassifierRow(PermutedSegmentationTransformer transformer)
    {
        using torch.Tensor row = transformer.Network().State["classifier.4.weight"][0].flatten();
        return row.data<float>().ToArray();
    }

    private static bool Contains(byte[] haystack, ReadOnlySpan<byte> needle) => haystack.AsSpan().IndexOf(needle) >= 0;
}
