using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A model that was disposed says so, whoever uses it in whatever way, and takes no process with it.</summary>
public sealed class DisposalTests(UnprotectedModel plain) : IClassFixture<UnprotectedModel>
{
    private readonly SegmentationCatalog _segmentation = plain.MLContext.Segmentation();

    public static TheoryData<string> Uses => [.. EachUse.Keys];

    // By name: the catalog and the context, a disposed protected model, its key, rows.
    private static readonly Dictionary<string, Action<MLContext, PermutedSegmentationTransformer, PermutationKey, IDataView>> EachUse = new()
    {
        ["Transform"] = (_, model, _, data) => model.Transform(data),
        ["GetOutputSchema"] = (_, model, _, data) => model.GetOutputSchema(data.Schema),
        ["GetRowToRowMapper"] = (_, model, _, data) => ((ITransformer)model).GetRowToRowMapper(data.Schema),
        ["CreatePredictionEngine"] = (context, model, _, _) => context.Model.CreatePredictionEngine<PatchRow, Labels>(model),
        ["Save"] = (context, model, _, data) => context.Model.Save(model, data.Schema, Stream.Null),
        ["Unlock"] = (context, model, key, _) => context.Segmentation().Unlock(model, key),
        ["Lock"] = (context, model, _, _) => context.Segmentation().Lock(model),
        ["Unlock in a chain"] = (context, model, key, _) => context.Segmentation().Unlock(new TransformerChain<PermutedSegmentationTransformer>(model), key),
        ["Unprotect"] = (context, model, key, _) => context.Segmentation().Unprotect(model, key),
        ["Rekey"] = (context, model, key, _) => context.Segmentation().Rekey(model, key, PermutationKey.Generate()),
        ["EvaluateAccessControl"] = (context, model, key, data) => context.Segmentation().EvaluateAccessControl(model, data, key, wrongKeyCount: 1),
        ["EvaluateAttacks"] = (context, model, key, data) => context.Segmentation().EvaluateAttacks(model, data, data, key),
        ["SegmentationWeights.Of"] = (_, model, _, _) => SegmentationWeights.Of(model),
        ["ExportToOnnx"] = (context, model, _, _) => context.Segmentation().ExportToOnnx(model, Stream.Null),
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public void Every_use_after_disposal_names_the_model_and_the_way_out(string use)
    {
        PermutedSegmentationTransformer model = Protected();
        model.Dispose();
        model.Dispose();
        AssertTold(Assert.Throws<ObjectDisposedException>(() => EachUse[use](plain.MLContext, model, plain.Key, plain.Data)));
    }

    [Fact]
    public void A_disposed_model_cannot_be_protected()
    {
        PermutedSegmentationTransformer model = Own();
        model.Dispose();
        AssertTold(Assert.Throws<ObjectDisposedException>(() => _segmentation.Protect(model, plain.Key)));
    }

    [Fact]
    public void What_a_model_says_of_itself_outlives_it()
    {
        PermutedSegmentationTransformer model = Protected();
        long parameters = model.Network().State.Values.Sum(value => value.NumberOfElements);
        model.Dispose();
        Assert.Equal(["0", "1", "2"], model.ClassNames);
        Assert.Equal(FeatureMaps.All, model.FeatureMaps);
        Assert.Equal(parameters, model.ParameterCount);
    }

    [Fact]
    public void Models_that_share_weights_are_disposed_one_by_one()
    {
        PermutedSegmentationTransformer model = Own();
        using var other = _segmentation.Protect(model, plain.Key);
        float[][] expected = plain.ScoresOf(model);
        model.Dispose();
        Assert.Equal(expected, plain.ScoresOf(other));
    }

    // Two of the five rows are in the first batch: the labels of the others have been made, too, but are refused.
    [Fact]
    public void A_cursor_made_before_is_of_no_use_after()
    {
        PermutedSegmentationTransformer model = Own();
        IDataView scored = model.Transform(plain.Data);
        DataViewSchema.Column column = scored.Schema["PredictedLabel"];
        using DataViewRowCursor cursor = scored.GetRowCursor([column]);
        ValueGetter<VBuffer<byte>> getLabels = cursor.GetGetter<VBuffer<byte>>(column);
        VBuffer<byte> labels = default;
        Assert.True(cursor.MoveNext());
        getLabels(ref labels);
        model.Dispose();
        AssertTold(Assert.Throws<ObjectDisposedException>(() =>
        {
            cursor.MoveNext();
            getLabels(ref labels);
        }));
        AssertTold(Assert.Throws<ObjectDisposedException>(() => scored.GetColumn<byte[]>("PredictedLabel").Count()));
    }

    [Fact]
    public void An_engine_disposes_the_model_of_another_unless_told_not_to()
    {
        PermutedSegmentationTransformer model = Own();
        PatchRow row = ColorPatches.Create(1).Single();
        using var other = CreateEngine(model, new PredictionEngineOptions { OwnsTransformer = false });
        using (var polite = CreateEngine(model, new PredictionEngineOptions { OwnsTransformer = false }))
            polite.Predict(row);
        other.Predict(row);
        using (var owner = CreateEngine(model, new PredictionEngineOptions()))
            owner.Predict(row);
        AssertTold(Assert.Throws<ObjectDisposedException>(() => other.Predict(row)));
        AssertTold(Assert.Throws<ObjectDisposedException>(() => CreateEngine(model, new PredictionEngineOptions())));
    }

    // A crash of native code ends the whole test run.
    [Fact]
    public void Threads_that_dispose_a_model_others_predict_with_get_an_exception_and_no_crash()
    {
        byte[] expected = plain.Transformer.Transform(plain.Data).GetColumn<byte[]>("PredictedLabel").First();
        PatchRow row = ColorPatches.Create(5, seed: 4)[0];
        int predicted = 0, refused = 0;
        for (int round = 0; round < 10; round++)
        {
            PermutedSegmentationTransformer model = Own();
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() => MakeUseAndDispose(model)))];
            foreach (Thread thread in threads)
                thread.Start();
            foreach (Thread thread in threads)
                thread.Join();
        }
        Assert.Equal(10 * 4 * 5, predicted + refused);
        // After each engine that has predicted and was disposed nobody predicts any more.
        Assert.InRange(predicted, 0, 10 * 4);

        void MakeUseAndDispose(PermutedSegmentationTransformer model)
        {
            for (int i = 0; i < 5; i++)
            {
                try
                {
                    using var engine = CreateEngine(model, new PredictionEngineOptions());
                    byte[] labels = engine.Predict(row).PredictedLabel;
                    Interlocked.Increment(ref predicted);
                    if (expected.Zip(labels).Count(pair => pair.First != pair.Second) > 2)
                        Interlocked.Add(ref refused, 1000);
                }
                catch (ObjectDisposedException)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        }
    }

    [Fact]
    public void Memory_in_use_is_freed_by_who_uses_it_last()
    {
        int freed = 0;
        var shared = new Shared<string>("native", _ => freed++, () => new ObjectDisposedException("it"));
        var first = shared.Use();
        var second = shared.Use();
        shared.Dispose();
        shared.Dispose();
        first.Dispose();
        first.Dispose();
        Assert.Equal((0, "native"), (freed, second.Value));
        Assert.Throws<ObjectDisposedException>(() => shared.Use());
        second.Dispose();
        Assert.Equal(1, freed);
        Assert.Throws<ObjectDisposedException>(() => second.Value);
    }

    // A model of its own, which shares the fixture's weights.
    private PermutedSegmentationTransformer Own() => plain.Locked(plain.Transformer);

    private PermutedSegmentationTransformer Protected() => _segmentation.Protect(plain.Transformer, plain.Key);

    private PredictionEngine<PatchRow, Labels> CreateEngine(ITransformer model, PredictionEngineOptions options)
        => plain.MLContext.Model.CreatePredictionEngine<PatchRow, Labels>(model, options);

    private static void AssertTold(ObjectDisposedException exception)
    {
        Assert.Equal(nameof(PermutedSegmentationTransformer), exception.ObjectName);
        Assert.Contains("OwnsTransformer = false", exception.Message);
    }

    private sealed class Labels
    {
        public byte[] PredictedLabel { get; set; } = [];
    }
}
