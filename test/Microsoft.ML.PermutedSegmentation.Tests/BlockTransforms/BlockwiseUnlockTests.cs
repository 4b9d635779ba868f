using System.IO.Compression;
using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class BlockwiseUnlockTests : IDisposable
{
    private const int DescriptionSize = 1 + 4 + 16 + 1 + 8; // method, block size, salt, whether there is a fingerprint, it

    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly PermutationKey _key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(11 * i))]);

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(BlockTransformMethod.Shuffle)]
    [InlineData(BlockTransformMethod.NegativePositive)]
    [InlineData(BlockTransformMethod.FormatPreserving)]
    public void A_loaded_one_leaves_images_plain_until_it_is_unlocked(BlockTransformMethod method)
    {
        ITransformer fitted = Fit(method);
        ITransformer locked = SaveAndLoad(fitted);
        Assert.False(Find(locked).IsUnlocked);
        Assert.Equal((method, 8), (Find(locked).Method, Find(locked).BlockSize));
        Assert.Equal(Plain(), PixelsOf(locked));

        ITransformer unlocked = Segmentation.Unlock(locked, _key, verify: true);
        Assert.True(Find(unlocked).IsUnlocked);
        Assert.NotEqual(Plain(), PixelsOf(unlocked));
        Assert.Equal(PixelsOf(fitted), PixelsOf(unlocked));
        Assert.Equal(Plain(), PixelsOf(locked));
        Assert.Equal(Plain(), PixelsOf(Segmentation.Lock(unlocked)));
    }

    [Fact]
    public void A_wrong_key_encrypts_otherwise_and_warns()
    {
        List<string> log = Log();
        ITransformer fitted = Fit();
        using var wrong = TestKeys.Wrong();
        ITransformer unlocked = Segmentation.Unlock(SaveAndLoad(fitted), wrong);
        Assert.True(Find(unlocked).IsUnlocked);
        Assert.NotEqual(Plain(), PixelsOf(unlocked));
        Assert.NotEqual(PixelsOf(fitted), PixelsOf(unlocked));
        Assert.Single(log, line => line.Contains("not the key"));

        Assert.Equal(PixelsOf(fitted), PixelsOf(Segmentation.Unlock(unlocked, _key)));
        Assert.Throws<WrongKeyException>(() => Segmentation.Unlock(unlocked, wrong, verify: true));
    }

    [Fact]
    public void Without_a_stored_fingerprint_a_key_cannot_be_verified()
    {
        ITransformer locked = SaveAndLoad(Segmentation.Transforms
            .BlockwiseEncrypt(_key, BlockTransformMethod.Shuffle, 8, storeFingerprint: false).Fit(Data()));
        using var wrong = TestKeys.Wrong();
        List<string> log = Log();
        Segmentation.Unlock(locked, wrong);
        Assert.DoesNotContain(log, line => line.Contains("not the key"));
        Assert.Throws<InvalidOperationException>(() => Segmentation.Unlock(locked, _key, verify: true));
    }

    [Fact]
    public void A_locked_one_says_so_once()
    {
        List<string> log = Log();
        ITransformer locked = SaveAndLoad(Fit());
        PixelsOf(locked);
        PixelsOf(locked);
        Assert.Single(log, line => line.Contains("locked"));
    }

    [Fact]
    public void Saving_again_gives_the_same_file_locked_or_not_and_never_the_key()
    {
        ITransformer fitted = Fit();
        string path = Save(fitted);
        byte[] first = ReadModel(path);
        ITransformer locked = _mlContext.Model.Load(path, out _);
        using var wrong = TestKeys.Wrong();
        foreach (ITransformer model in (ITransformer[])[locked, Segmentation.Unlock(locked, _key), Segmentation.Unlock(locked, wrong)])
            Assert.Equal(first, ReadModel(Save(model)));
        byte[] keyStart = [.. Enumerable.Range(1, 6).Select(i => (byte)(11 * i))];
        Assert.Equal(-1, first.AsSpan().IndexOf(keyStart));
        Assert.Equal(2 * 4 + DescriptionSize, BitConverter.ToInt64(first, 24)); // no room for an order of 192 values
    }

    [Theory]
    [InlineData(0, 3)]          // no such method
    [InlineData(1, 1)]          // block size
    [InlineData(3, 0x10)]       // block size, two bytes up
    public void An_altered_description_is_found(int offset, byte value)
    {
        byte[] model = ReadModel(Save(Fit()));
        int method = MethodOffset(model);
        model[method + offset] = value;
        AssertDamaged(model);
    }

    [Fact]
    public void A_truncated_description_is_found()
    {
        byte[] model = ReadModel(Save(Fit()));
        int method = MethodOffset(model);
        for (int length = method; length < method + DescriptionSize; length++)
        {
            byte[] file = WithModel(model[..length]);
            // ML.NET's own check of a model's length, in the words that it has for that.
            FluentActions.Invoking(() => Load(file)).Should().Throw<Exception>().Which.GetBaseException().Should().BeOfType<FormatException>($"of {length} bytes");
        }
    }

    [Fact]
    public void One_key_unlocks_a_chain_of_encryption_and_network()
    {
        IDataView data = ColorPatches.View(_mlContext, 12);
        var trainer = Segmentation.Trainers.Permuted(_key, ColorPatches.Options(epochs: 1));
        using var model = Segmentation.Transforms.BlockwiseEncrypt(_key, BlockTransformMethod.NegativePositive, 4).Append(trainer).Fit(data);
        float[][] scores = ScoresOf(model, data);

        ITransformer locked = SaveAndLoad(model);
        Assert.NotEqual(scores, ScoresOf(locked, data));
        ITransformer unlocked = Segmentation.Unlock(locked, _key, verify: true);
        Assert.Equal(scores, ScoresOf(unlocked, data));
    }

    [Fact]
    public void An_unprotected_network_behind_an_encryption_needs_no_key_and_lives_on_its_own()
    {
        IDataView data = ColorPatches.View(_mlContext, 12);
        var trainer = Segmentation.Trainers.Fcn(ColorPatches.Options(epochs: 1));
        using var model = Segmentation.Transforms.BlockwiseEncrypt(_key, BlockTransformMethod.Shuffle, 4).Append(trainer).Fit(data);
        float[][] scores = ScoresOf(model, data);

        ITransformer locked = SaveAndLoad(model);
        Assert.NotEqual(scores, ScoresOf(locked, data));
        ITransformer unlocked = Segmentation.Unlock(locked, _key, verify: true);
        ((IDisposable)locked).Dispose();
        Assert.Equal(scores, ScoresOf(unlocked, data));
        Assert.Equal(scores, ScoresOf(SaveAndUnlock(unlocked), data));
    }

    [Fact]
    public void A_chain_that_encrypts_images_is_protected_with_the_same_key_for_good()
    {
        IDataView data = ColorPatches.View(_mlContext, 12);
        var trainer = Segmentation.Trainers.Fcn(ColorPatches.Options(epochs: 1));
        using var model = Segmentation.Transforms.BlockwiseEncrypt(_key, BlockTransformMethod.Shuffle, 4).Append(trainer).Fit(data);
        using var other = PermutationKey.Generate();
        Assert.Contains("not the key of the block-wise encryption", Assert.Throws<WrongKeyException>(() => Segmentation.Protect(model, other)).Message);

        ITransformer both = Segmentation.Protect(model, _key);
        Assert.Equal(ScoresOf(model, data), ScoresOf(Segmentation.Unlock(SaveAndLoad(both), _key, verify: true), data));
        Assert.Contains("encrypts images", Assert.Throws<InvalidOperationException>(() => Segmentation.Unprotect(both, _key)).Message);
        Assert.Contains("encrypts images", Assert.Throws<InvalidOperationException>(() => Segmentation.Rekey(both, _key, other)).Message);
        using var file = new MemoryStream();
        Assert.Contains("encrypted with a key (block-wise encryption)", Assert.Throws<InvalidOperationException>(() => Segmentation.ExportToOnnx(both, file)).Message);
        Assert.Equal(0, file.Length);
    }

    private SegmentationCatalog Segmentation => _mlContext.Segmentation();

    private BlockwiseEncryptingTransformer Fit(BlockTransformMethod method = BlockTransformMethod.Shuffle)
        => Segmentation.Transforms.BlockwiseEncrypt(_key, method, 8).Fit(Data());

    private IDataView Data() => ColorPatches.View(_mlContext, 3);

    private byte[][] Plain() => [.. ColorPatches.Create(3).Select(row => row.Image.Pixels.ToArray())];

    private byte[][] PixelsOf(ITransformer transformer)
        => [.. transformer.Transform(Data()).GetColumn<MLImage>("Image").Select(image => image.Pixels.ToArray())];

    private static float[][] ScoresOf(ITransformer model, IDataView data) => [.. model.Transform(data).GetColumn<float[]>("Score")];

    private static BlockwiseEncryptingTransformer Find(ITransformer model)
        => model as BlockwiseEncryptingTransformer ?? ((IEnumerable<ITransformer>)model).OfType<BlockwiseEncryptingTransformer>().Single();

    private ITransformer SaveAndLoad(ITransformer model) => _mlContext.Model.Load(Save(model), out _);

    private ITransformer SaveAndUnlock(ITransformer model) => Segmentation.Unlock(SaveAndLoad(model), _key);

    private string Save(ITransformer model)
    {
        string path = _folder.At("model.zip");
        _mlContext.Model.Save(model, Data().Schema, path);
        return path;
    }

    private List<string> Log()
    {
        var lines = new List<string>();
        _mlContext.Log += (_, line) =>
        {
            lock (lines)
                lines.Add(line.Message);
        };
        return lines;
    }

    // ML.NET's header tells where a model's own bytes begin; two column names (four bytes each) come before the method.
    private static int MethodOffset(byte[] model) => (int)BitConverter.ToInt64(model, 16) + 2 * 4;

    private void AssertDamaged(byte[] model)
    {
        byte[] file = WithModel(model);
        Exception exception = Assert.ThrowsAny<Exception>(() => Load(file)).GetBaseException();
        Assert.Contains("damaged", Assert.IsType<InvalidDataException>(exception).Message);
    }

    private void Load(byte[] file)
    {
        using var stream = new MemoryStream(file);
        _mlContext.Model.Load(stream, out _);
    }

    private static byte[] ReadModel(string path)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        using Stream entry = Find(zip).Open();
        using var content = new MemoryStream();
        entry.CopyTo(content);
        return content.ToArray();
    }

    private byte[] WithModel(byte[] model)
    {
        string path = _folder.At("model.zip");
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            ZipArchiveEntry old = Find(zip);
            string fullName = old.FullName;
            old.Delete();
            using Stream entry = zip.CreateEntry(fullName).Open();
            entry.Write(model);
        }
        return File.ReadAllBytes(path);
    }

    private static ZipArchiveEntry Find(ZipArchive zip)
        => zip.Entries.Single(entry => entry.FullName.Replace('\\', '/').EndsWith("TransformerChain/Model.key", StringComparison.Ordinal));
}
