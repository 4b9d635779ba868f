using System.Runtime.InteropServices;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What a thief finds in a checkpoint.</summary>
public sealed class CheckpointProtectionTests : IDisposable
{
    private const string Reader = "classifier.4.weight"; // of map 6

    private static readonly byte[] KeyBytes = [.. Enumerable.Range(1, 32).Select(i => (byte)(11 * i))];

    private readonly TempFolder _folder = new();
    private readonly PermutationKey _key = PermutationKey.FromBytes(KeyBytes);
    private readonly string _path;

    public CheckpointProtectionTests() => _path = _folder.At("checkpoint.safetensors");

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Everything_that_reads_a_permuted_map_is_stored_in_protected_order()
    {
        using var training = SmallTraining.WithMomenta();
        byte[] salt = [.. Enumerable.Range(0, 16).Select(i => (byte)(i * i))];
        training.Save(_path, _key, salt);
        var opened = new OpenedCheckpoint(_path, KeyBytes);
        int[] order = _key.GetChannelPermutation(salt, featureMap: 6, channels: training.Channels);
        Assert.NotEqual(Enumerable.Range(0, order.Length), order);

        foreach ((string part, string parameter, Tensor plain) in training.State.Tensors())
        {
            float[] expected = plain.data<float>().ToArray();
            if (parameter == Reader)
            {
                // x'(i) = x(α_i), and so w'(:, i) = w(:, α_i).
                Assert.True(expected.Distinct().Count() > order.Length);
                expected = [.. Enumerable.Range(0, expected.Length).Select(i => expected[i / order.Length * order.Length + order[i % order.Length]])];
            }
            Assert.Equal(plain.shape, opened.Content[$"{part}.{parameter}"].Shape);
            Assert.True(expected.AsSpan().SequenceEqual(opened.Values($"{part}.{parameter}")), $"{part}.{parameter}");
        }
        Assert.Contains("momentum." + Reader, opened.Names);
        Assert.Equal(training.State.Tensors().Select(entry => $"{entry.Part}.{entry.Parameter}"), opened.Names.Skip(2));
    }

    [Theory]
    [InlineData(FeatureMaps.Head)]
    [InlineData(FeatureMaps.All)]
    public void A_trainers_checkpoint_has_its_models_weights_and_says_nothing_without_the_key(FeatureMaps maps)
    {
        MLContext mlContext = CpuContext.Create(seed: 31415926);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        (options.CheckpointPath, options.FeatureMaps, options.StoreFingerprint) = (_path, maps, false);
        using var model = mlContext.Segmentation().Trainers.Permuted(_key, options).Fit(ColorPatches.View(mlContext, 12));
        byte[] file = File.ReadAllBytes(_path);
        var opened = new OpenedCheckpoint(_path, KeyBytes);

        // With the key it is the model's own state, under the model's own salt.
        Assert.True(opened.HasRightDigest());
        Assert.Equal(model.Model.Description.Salt, opened.Salt);
        foreach ((string name, Tensor stored) in model.Model.StoredState())
        {
            using (stored)
                Assert.True(stored.bytes.SequenceEqual(opened.Content["best." + name].Bytes), name);
        }
        Assert.Equal(31415926, opened.Description.GetProperty("Seed").GetInt32());

        // Without it, only this can be read.
        Assert.Equal(["fingerprint", "format", "nonce", "salt"], opened.Metadata.Keys.Order());
        Assert.Equal(_key.GetFingerprint(opened.Salt), Convert.FromHexString(opened.Metadata["fingerprint"]));
        foreach ((string name, (_, byte[] bytes)) in opened.Content)
            Assert.True(file.AsSpan().IndexOf(bytes.AsSpan(0, Math.Min(64, bytes.Length))) < 0 || bytes.All(value => value == 0), name);

        AssertHoldsNeither(opened, file, _key.GetChannelPermutation(opened.Salt, featureMap: 6, channels: 128));
    }

    [Fact]
    public void A_checkpoint_of_a_training_on_encrypted_images_says_as_little()
    {
        MLContext mlContext = CpuContext.Create(seed: 1);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        options.CheckpointPath = _path;
        using var model = mlContext.Segmentation().Trainers.BlockwiseEncrypted(_key, BlockTransformMethod.Shuffle, 8, options).Fit(ColorPatches.View(mlContext, 12));
        var opened = new OpenedCheckpoint(_path, KeyBytes);
        Assert.True(opened.HasRightDigest());
        Assert.Equal(model.Model.Description.Salt, opened.Salt);
        Assert.Equal("Shuffle", opened.Description.GetProperty("Settings").GetProperty("ImageEncryption").GetProperty("Method").GetString());
        AssertHoldsNeither(opened, File.ReadAllBytes(_path), _key.GetBlockOrder(opened.Salt, "shuffle", 8));
    }

    [Fact]
    public void No_two_files_are_encrypted_alike()
    {
        using var training = SmallTraining.WithMomenta();
        byte[] salt = new byte[16];
        training.Save(_path, _key, salt);
        byte[] first = File.ReadAllBytes(_path);
        training.Save(_path, _key, salt);
        byte[] second = File.ReadAllBytes(_path);
        Assert.Equal(first.Length, second.Length);
        // By chance one byte of 256 is the same.
        int start = first.Length / 2;
        Assert.InRange(Enumerable.Range(start, first.Length - start).Count(i => first[i] == second[i]), 0, (first.Length - start) / 128);
    }

    [Fact]
    public void Another_key_is_refused_with_and_without_a_fingerprint_in_the_model()
    {
        using var wrong = TestKeys.Wrong();
        Train(_key, storeFingerprint: false);
        Assert.Contains("not the key of the checkpoint", Assert.Throws<WrongKeyException>(() => Train(wrong)).Message);
        Assert.Contains("there is a key there and none here", Assert.Throws<InvalidOperationException>(() => Train(key: null)).Message);
        File.Delete(_path);
        Train(key: null);
        Assert.True(new OpenedCheckpoint(_path).HasRightDigest());
        Assert.Contains("there is none there and a key here", Assert.Throws<InvalidOperationException>(() => Train(_key)).Message);
    }

    [Fact]
    public void With_a_key_nobody_else_can_change_a_bit()
    {
        using var training = SmallTraining.WithMomenta();
        training.Save(_path, _key, new byte[16]);
        byte[] file = File.ReadAllBytes(_path);
        var random = new Random(3);
        for (int i = 0; i < 200; i++)
        {
            byte[] changed = [.. file];
            changed[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(_path, changed);
            // A bit of the fingerprint or the salt makes it another key's.
            Exception exception = Assert.ThrowsAny<Exception>(() => CheckpointReader.Find(_path, _key));
            Assert.True(exception is InvalidDataException or InvalidOperationException, exception.ToString());
        }
    }

    private void Train(PermutationKey? key, bool storeFingerprint = true)
    {
        MLContext mlContext = CpuContext.Create(seed: 1);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        (options.CheckpointPath, options.StoreFingerprint) = (_path, storeFingerprint);
        SegmentationTrainersCatalog trainers = mlContext.Segmentation().Trainers;
        (key is null ? trainers.Fcn(options) : trainers.Permuted(key, options)).Fit(ColorPatches.View(mlContext, 12)).Dispose();
    }

    // Neither the key nor its permutation, whether decrypted or not.
    private static void AssertHoldsNeither(OpenedCheckpoint opened, byte[] file, int[] order)
    {
        foreach (byte[] secret in (byte[][])
            [
                KeyBytes[..8], [.. Convert.ToHexStringLower(KeyBytes[..8]).Select(digit => (byte)digit)], [.. Convert.ToBase64String(KeyBytes)[..10].Select(digit => (byte)digit)],
                MemoryMarshal.AsBytes<int>(order[..4]).ToArray(), MemoryMarshal.AsBytes<long>([.. order[..4].Select(i => (long)i)]).ToArray(),
                MemoryMarshal.AsBytes<float>([.. order[..4].Select(i => (float)i)]).ToArray(), [.. order[..12].Select(i => (byte)i)],
                [.. string.Join(",", order[..6]).Select(letter => (byte)letter)],
            ])
            Assert.All([file, .. opened.Content.Values.Select(entry => entry.Bytes)], bytes => Assert.Equal(-1, bytes.AsSpan().IndexOf(secret)));
    }
}
