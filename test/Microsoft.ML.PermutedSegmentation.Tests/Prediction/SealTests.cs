using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Sealed models, against docs/sealing.md.</summary>
public sealed class SealTests(UnprotectedModel trained) : IClassFixture<UnprotectedModel>
{
    private readonly SegmentationCatalog _segmentation = CpuContext.Create().Segmentation();

    [Theory]
    [InlineData(FeatureMaps.None)]
    [InlineData(FeatureMaps.Head)]
    [InlineData(FeatureMaps.All)]
    public void With_the_key_it_computes_the_same_bit_for_bit(FeatureMaps maps)
    {
        using PermutedSegmentationTransformer model = Seal(maps);
        Assert.True(model is { IsUnlocked: true, IsSealed: true });
        float[][] expected = trained.ScoresOf(trained.Transformer);
        Assert.Equal(expected, trained.ScoresOf(model));
        using PermutedSegmentationTransformer locked = trained.SaveAndLoad(model);
        Assert.True(locked is { IsUnlocked: false, IsSealed: true });
        Assert.Equal(maps, locked.FeatureMaps);
        using PermutedSegmentationTransformer unlocked = _segmentation.Unlock(locked, trained.Key);
        Assert.Equal(expected, trained.ScoresOf(unlocked));
        // Saved once more, as it is and unlocked.
        using PermutedSegmentationTransformer again = trained.SaveAndLoad(locked), afterwards = trained.SaveAndLoad(unlocked);
        Assert.Equal(UnprotectedModel.Stored(locked), UnprotectedModel.Stored(again));
        Assert.NotEqual(UnprotectedModel.Stored(locked), UnprotectedModel.Stored(afterwards));
        using PermutedSegmentationTransformer one = _segmentation.Unlock(again, trained.Key, verify: true), other = _segmentation.Unlock(afterwards, trained.Key);
        Assert.Equal(expected, trained.ScoresOf(one));
        Assert.Equal(expected, trained.ScoresOf(other));
        using PermutedSegmentationTransformer closed = _segmentation.Lock(unlocked), opened = _segmentation.Unlock(closed, trained.Key);
        Assert.True(closed.Model.IsClosed);
        Assert.Equal(expected, trained.ScoresOf(opened));
    }

    [Fact]
    public void Without_the_key_it_tells_what_it_is_and_nothing_runs()
    {
        using PermutedSegmentationTransformer model = Seal(FeatureMaps.All), locked = trained.SaveAndLoad(model);
        Assert.Equal(trained.Transformer.ClassNames, locked.ClassNames);
        Assert.Equal(trained.Transformer.GetOutputSchema(trained.Data.Schema)["Score"].Type, locked.GetOutputSchema(trained.Data.Schema)["Score"].Type);
        Action[] runs =
        [
            () => locked.Transform(trained.Data),
            () => new MLContext().Model.CreatePredictionEngine<PatchRow, OneLabel>(locked),
            () => SegmentationWeights.Of(locked),
        ];
        Assert.All(runs, run => Assert.Contains("Unlock(", Assert.Throws<InvalidOperationException>(run).Message));
        Assert.Throws<ArgumentException>("model", () => CpuContext.Create().Segmentation().EvaluateWrongKeys(locked, trained.Data, 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Another_key_is_refused(bool hasFingerprint)
    {
        using PermutedSegmentationTransformer model = Seal(FeatureMaps.All, hasFingerprint), locked = trained.SaveAndLoad(model);
        using PermutationKey wrong = PermutationKey.Generate();
        foreach (PermutedSegmentationTransformer one in (PermutedSegmentationTransformer[])[model, locked])
        {
            Assert.Throws<WrongKeyException>(() => _segmentation.Unlock(one, wrong));
            Assert.Throws<WrongKeyException>(() => _segmentation.Unlock(one, wrong, verify: true));
            Assert.Throws<WrongKeyException>(() => _segmentation.Unprotect(locked, wrong));
            Assert.Throws<WrongKeyException>(() => _segmentation.Rekey(locked, wrong, trained.Key));
        }
        using PermutedSegmentationTransformer unlocked = _segmentation.Unlock(locked, trained.Key, verify: true);
        Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(unlocked));
    }

    // With the primitives of .NET, from the page alone.
    [Fact]
    public void Its_file_is_as_the_page_says()
    {
        using PermutedSegmentationTransformer model = Seal(FeatureMaps.Head);
        byte[] file = UnprotectedModel.Stored(model);
        JsonElement header = JsonDocument.Parse(file.AsMemory(8, (int)BinaryPrimitives.ReadUInt64LittleEndian(file))).RootElement;
        JsonElement metadata = header.GetProperty("__metadata__");
        Assert.Equal("Microsoft.ML.PermutedSegmentation/model/3", metadata.GetProperty("format").GetString());
        Assert.Equal("AES-256-CTR, HMAC-SHA256", metadata.GetProperty("seal").GetString());
        string nonce = metadata.GetProperty("seal_nonce").GetString()!;
        byte[] secret = [.. Enumerable.Range(1, 32).Select(i => (byte)(5 * i))], salt = Convert.FromHexString(metadata.GetProperty("salt").GetString()!);
        byte[] root = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, salt, Encoding.ASCII.GetBytes("PermutedSegmentation/v1/seal"));
        byte[] keys = HKDF.Expand(HashAlgorithmName.SHA256, root, 64, Encoding.ASCII.GetBytes($"PermutedSegmentation/v1/seal/{nonce}"));

        NetworkParameter[] parameters = [.. trained.Transformer.Model.Description.Layout.Parameters];
        (int start, int end) = (Offset(header, parameters[0].Name).Start, Offset(header, parameters[^1].Name).End);
        int data = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        byte[] encrypted = file[(data + start)..(data + end)];
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, keys[32..]);
        foreach (string name in (string[])["network", "backbone", "output_stride", "image_height", "image_width", "class_names", "feature_maps", "salt", "fingerprint", "seal"])
        {
            byte[] nameBytes = Encoding.UTF8.GetBytes(name), value = Encoding.UTF8.GetBytes(metadata.GetProperty(name).GetString()!);
            hmac.AppendData([.. BitConverter.GetBytes(nameBytes.Length), .. BitConverter.GetBytes(value.Length), .. nameBytes, .. value]);
        }
        hmac.AppendData(encrypted);
        (int digestStart, int digestEnd) = Offset(header, "hmac");
        Assert.Equal(hmac.GetHashAndReset(), file[(data + digestStart)..(data + digestEnd)]);
        Assert.Equal(SHA256.HashData(file[..^32]), file[^32..]);

        using var aes = Aes.Create();
        aes.Key = keys[..32];
        byte[] counter = new byte[16], plain = new byte[encrypted.Length];
        for (int i = 0; i < encrypted.Length; i += 16)
        {
            BinaryPrimitives.WriteInt64BigEndian(counter.AsSpan(8), i / 16);
            byte[] block = aes.EncryptEcb(counter, PaddingMode.None);
            for (int j = i; j < Math.Min(i + 16, encrypted.Length); j++)
                plain[j] = (byte)(encrypted[j] ^ block[j - i]);
        }
        var stored = new Dictionary<string, byte[]>();
        foreach ((string name, TorchSharp.torch.Tensor value) in model.Model.StoredState())
        {
            using (value)
                stored[name] = value.bytes.ToArray();
        }
        Assert.Equal(parameters.SelectMany(parameter => stored[parameter.Name]), plain);
    }

    [Fact]
    public void What_was_altered_is_refused_before_a_weight_is_used()
    {
        using PermutedSegmentationTransformer model = Seal(FeatureMaps.All), another = Seal(FeatureMaps.All);
        byte[] file = UnprotectedModel.Stored(model);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        JsonElement header = JsonDocument.Parse(file.AsMemory(8, length)).RootElement;
        var random = new Random(3);
        // One bit anywhere; the checksum finds it.
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = [.. file];
            damaged[random.Next(i < 100 ? 8 + length : damaged.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Throws<InvalidDataException>(() => Open(damaged));
        }
        Assert.Throws<InvalidDataException>(() => Open(file[..^1]));

        // By somebody who makes the checksum anew.
        Forge(bytes => bytes[^70] ^= 1);
        Forge(bytes => bytes[^33] ^= 1);
        (int first, int end) = Offset(header, "backbone.layer1.0.conv1.weight");
        (int second, _) = Offset(header, "backbone.layer1.0.conv2.weight");
        Forge(bytes =>
        {
            byte[] one = bytes[(8 + length + first)..(8 + length + end)], other = bytes[(8 + length + second)..(8 + length + second + end - first)];
            other.CopyTo(bytes, 8 + length + first);
            one.CopyTo(bytes, 8 + length + second);
        });
        Forge(bytes => Replace(bytes, "\"image_height\":\"32\"", "\"image_height\":\"64\""));
        // The weights of another model with the same key.
        Forge(bytes => UnprotectedModel.Stored(another).AsSpan(8 + length).CopyTo(bytes.AsSpan(8 + length)));

        void Forge(Action<byte[]> change)
        {
            byte[] forged = [.. file];
            change(forged);
            Assert.NotEqual(file, forged);
            SHA256.HashData(forged.AsSpan(0, forged.Length - 32), forged.AsSpan(forged.Length - 32));
            Assert.Contains("altered after it was sealed", Assert.Throws<InvalidDataException>(() => Open(forged)).Message);
        }
    }

    [Fact]
    public void Another_key_or_none_and_another_way_to_score()
    {
        using PermutedSegmentationTransformer model = Seal(FeatureMaps.All), locked = trained.SaveAndLoad(model);
        float[][] expected = trained.ScoresOf(trained.Transformer);
        using PermutedSegmentationTransformer plain = _segmentation.Unprotect(locked, trained.Key);
        Assert.False(plain.IsSealed);
        Assert.Equal(UnprotectedModel.Stored(trained.Transformer), UnprotectedModel.Stored(plain));

        using PermutationKey newKey = PermutationKey.Generate();
        using PermutedSegmentationTransformer rekeyed = _segmentation.Rekey(locked, trained.Key, newKey), relocked = trained.SaveAndLoad(rekeyed);
        Assert.True(relocked.Model.IsClosed);
        Assert.Throws<WrongKeyException>(() => _segmentation.Unlock(relocked, trained.Key));
        using PermutedSegmentationTransformer unlocked = _segmentation.Unlock(relocked, newKey);
        Assert.Equal(expected, trained.ScoresOf(unlocked));

        using PermutedSegmentationTransformer windowed = _segmentation.WithScoring(locked, ScoringMode.SlidingWindow), saved = trained.SaveAndLoad(windowed);
        using PermutedSegmentationTransformer scoring = _segmentation.Unlock(saved, trained.Key);
        Assert.Equal(ScoringMode.SlidingWindow, scoring.ScoringMode);
        Assert.Equal(trained.LabelsOf(trained.Transformer), trained.LabelsOf(scoring));
    }

    [Fact]
    public void Nothing_or_an_unknown_map_cannot_be_protected()
    {
        Assert.Throws<ArgumentOutOfRangeException>("options", () => _segmentation.Protect(trained.Transformer, trained.Key, new ProtectionOptions { FeatureMaps = FeatureMaps.None }));
        Assert.Throws<ArgumentOutOfRangeException>("options", () => _segmentation.Protect(trained.Transformer, trained.Key, new ProtectionOptions { FeatureMaps = (FeatureMaps)128, Seal = true }));
    }

    [Fact]
    public void A_trainer_seals_what_starts_from_given_weights()
    {
        MLContext mlContext = CpuContext.Create(1);
        var warnings = new List<string>();
        mlContext.Log += (_, message) => { if (message.Kind == Runtime.ChannelMessageKind.Warning) warnings.Add(message.RawMessage); };
        using SegmentationWeights weights = SegmentationWeights.Of(trained.Transformer);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        options.InitialWeights = weights;
        using (mlContext.Segmentation().Trainers.Permuted(trained.Key, options).Fit(ColorPatches.View(mlContext, 12)))
            Assert.Contains(warnings, warning => warning.Contains("Seal protects such a model"));
        warnings.Clear();
        options.Seal = true;
        using PermutedSegmentationTransformer model = mlContext.Segmentation().Trainers.Permuted(trained.Key, options).Fit(ColorPatches.View(mlContext, 12));
        Assert.DoesNotContain(warnings, warning => warning.Contains("public"));
        using PermutedSegmentationTransformer locked = trained.SaveAndLoad(model);
        Assert.True(locked.Model.IsClosed);
        using PermutedSegmentationTransformer unlocked = _segmentation.Unlock(locked, trained.Key);
        Assert.Equal(trained.ScoresOf(model), trained.ScoresOf(unlocked));
    }

    private PermutedSegmentationTransformer Seal(FeatureMaps maps, bool storeFingerprint = true) => _segmentation.Protect(
        trained.Transformer, trained.Key, new ProtectionOptions { FeatureMaps = maps, Seal = true, StoreFingerprint = storeFingerprint });

    // Loads the entry of a file, and unlocks the model.
    private void Open(byte[] entry)
    {
        using var stream = new MemoryStream(entry);
        using SegmentationModel model = ModelFile.Load(StoredModel.Open(stream, entry.Length));
        model.With(trained.Key).Dispose();
    }

    private static (int Start, int End) Offset(JsonElement header, string name)
    {
        JsonElement offsets = header.GetProperty(name).GetProperty("data_offsets");
        return (offsets[0].GetInt32(), offsets[1].GetInt32());
    }

    private static void Replace(byte[] bytes, string text, string other)
    {
        int at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
        Encoding.UTF8.GetBytes(other).CopyTo(bytes, at);
    }

    private sealed class OneLabel
    {
        public byte[] PredictedLabel { get; set; } = [];
    }
}
