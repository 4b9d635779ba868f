using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Model files as they are read without ML.NET and without libtorch.</summary>
public sealed class ModelArchiveTests(TrainedModel trained) : IClassFixture<TrainedModel>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("unprotected", "unprotected.zip")]
    [InlineData("protected", "protected.zip")]
    [InlineData("encrypted-images", "encrypted-images.zip")]
    [InlineData("unprotected", "chain.zip")]
    public void A_file_of_an_older_version_is_read(string expected, string file)
    {
        JsonNode old = OldFiles.Expected(expected);
        using MemoryStream stream = OldFiles.Read(file);
        using ModelArchive archive = ModelArchive.Open(stream);
        ArchivedModel model = Assert.Single(archive.Models);
        Assert.True(model.IsOld);
        ModelDescription description = model.ReadDescription();
        Assert.Equal(old["description"]!["classNames"]!.AsArray().Select(name => (string?)name), description.ClassNames);
        Assert.Equal((string?)old["description"]!["salt"] ?? "", Convert.ToBase64String(description.Protection is { } protection ? protection.Salt : []));
        Assert.Equal((string?)old["lockedState"], DigestOf(model.Read(stored => stored.ReadWeights())));
    }

    [Fact]
    public void Every_model_of_a_file_is_found_wherever_it_lies()
    {
        IDataView rows = trained.Data;
        var plain = trained.MLContext.Segmentation().Unprotect(trained.Transformer, trained.Key);
        var chain = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(rows).Append((PermutedSegmentationTransformer)plain).Append(trained.Transformer);
        string path = _folder.At("chain.zip");
        trained.MLContext.Model.Save(new Microsoft.ML.Data.TransformerChain<ITransformer>(chain), rows.Schema, path);
        using ModelArchive archive = ModelArchive.Open(path);
        Assert.Equal([false, true], archive.Models.Select(model => model.ReadDescription().IsProtected));
        Assert.All(archive.Models, model => Assert.EndsWith("Segmentation.safetensors", model.Path));
        Assert.All(archive.Models, model => Assert.Equal("Score", model.Read(stored => stored.Metadata["score_column"])));
        Assert.Equal(2, archive.Models.Select(model => DigestOf(model.Read(stored => stored.ReadWeights()))).Distinct().Count());
    }

    // A safetensors file as any program reads it.
    [Fact]
    public void An_entry_taken_out_is_a_safetensors_file_but_not_weights()
    {
        string path = _folder.At("entry.safetensors");
        using (ZipArchive zip = ZipFile.OpenRead(trained.ModelPath))
            zip.Entries.Single(entry => entry.Name == "Segmentation.safetensors").ExtractToFile(path);
        using (FileStream stream = File.OpenRead(path))
        {
            var file = new SafetensorsFile(stream);
            Assert.Equal("ResNet18", file.Header.Metadata["backbone"]);
            Assert.Equal([3L, 128, 1, 1], file.Header.Entries.Single(entry => entry.Name == "classifier.4.weight").Shape);
        }
        // Of a protected model they are in protected order.
        Assert.Contains("model", Assert.Throws<InvalidDataException>(() => SegmentationWeights.Load(path)).Message);
    }

    [Fact]
    public void What_is_not_an_archive_is_refused_and_what_holds_no_model_has_none()
    {
        using var text = new MemoryStream("not an archive, but a text"u8.ToArray());
        Assert.Throws<InvalidDataException>(() => ModelArchive.Open(text));
        using var empty = new MemoryStream();
        using (var zip = new ZipArchive(empty, ZipArchiveMode.Create, leaveOpen: true))
            zip.CreateEntry("Segmentation.txt");
        using ModelArchive archive = ModelArchive.Open(empty);
        Assert.Empty(archive.Models);
    }

    private static string DigestOf(IReadOnlyDictionary<string, float[]> weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, float[] values) in weights.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.ASCII.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
