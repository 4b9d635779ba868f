using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Wherever a key is verified, a wrong one is the same exception with the same message.</summary>
public sealed class WrongKeyTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    private static readonly PermutationKey Wrong = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(11 * i))]);

    // By name: a protected model and its ONNX file, rows, the wrong key.
    private static readonly Dictionary<string, Action<SegmentationCatalog, OnnxModel, IDataView>> EachUse = new()
    {
        ["Unlock"] = (catalog, model, _) => catalog.Unlock(model.Locked, Wrong, verify: true),
        ["Unprotect"] = (catalog, model, _) => catalog.Unprotect(model.Locked, Wrong),
        ["Rekey"] = (catalog, model, _) => catalog.Rekey(model.Locked, Wrong, model.Key),
        ["EvaluateAccessControl"] = (catalog, model, data) => catalog.EvaluateAccessControl(model.Locked, data, Wrong, wrongKeyCount: 1),
        ["EvaluateAttacks"] = (catalog, model, data) => catalog.EvaluateAttacks(model.Locked, data, data, Wrong),
        ["OnnxSegmenter.Load"] = (_, model, _) => OnnxSegmenter.Load(model.Path, Wrong),
        ["GetOnnxInputs"] = (_, model, _) =>
        {
            using var session = new Microsoft.ML.OnnxRuntime.InferenceSession(model.Path);
            Wrong.GetOnnxInputs(session.ModelMetadata.CustomMetadataMap);
        },
    };

    public static TheoryData<string> Uses => [.. EachUse.Keys];

    [Theory]
    [MemberData(nameof(Uses))]
    public void A_wrong_key_of_a_model_is_one_exception_with_one_message(string use)
    {
        var exception = Assert.Throws<WrongKeyException>(() => EachUse[use](exported.Plain.MLContext.Segmentation(), exported, exported.Plain.Data));
        Assert.Equal("This is not the key of the model: the fingerprint differs.", exception.Message);
    }

    [Fact]
    public void It_is_caught_as_what_it_was_before() =>
        Assert.IsAssignableFrom<InvalidOperationException>(new WrongKeyException("other", new IOException()));

    // Nobody knows whether such a key is wrong.
    [Fact]
    public void A_key_that_cannot_be_verified_is_another_matter()
    {
        SegmentationCatalog catalog = exported.Plain.MLContext.Segmentation();
        using var model = catalog.Lock(catalog.Protect(exported.Plain.Transformer, exported.Key, storeFingerprint: false));
        foreach (Func<ITransformer> use in (Func<ITransformer>[])[() => catalog.Unlock(model, exported.Key, verify: true), () => catalog.Unprotect(model, exported.Key)])
            Assert.Contains("stores no fingerprint", Assert.Throws<InvalidOperationException>(use).Message);
    }
}
