using System.Collections;
using System.Collections.Concurrent;
using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Sources that give their rows only once: a cursor over a scored view must read them with a single cursor.</summary>
public sealed class SingleUseSourceTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    private static readonly List<PatchRow> Patches = ColorPatches.Create(19, seed: 4);

    [Fact]
    public void Each_row_of_a_queue_has_its_own_prediction()
    {
        var queue = new ConcurrentQueue<PatchRow>(Patches);
        IEnumerable<PatchRow> Once()
        {
            while (queue.TryDequeue(out PatchRow? row))
                yield return row;
        }
        AssertPredicted(Once());
    }

    [Fact]
    public void Each_row_of_a_producers_collection_has_its_own_prediction()
    {
        using var collection = new BlockingCollection<PatchRow>();
        Patches.ForEach(collection.Add);
        collection.CompleteAdding();
        AssertPredicted(collection.GetConsumingEnumerable());
    }

    [Fact]
    public void A_reader_is_open_once_at_a_time() => AssertPredicted(new OneAtATime(Patches));

    [Fact]
    public void A_caller_may_take_the_first_rows_only()
    {
        IDataView rows = trained.MLContext.Data.TakeRows(trained.Transformer.Transform(trained.MLContext.Data.LoadFromEnumerable(new OneAtATime(Patches))), 3);
        Assert.Equal(trained.LabelsOf(trained.Transformer)[..3], rows.GetColumn<byte[]>("PredictedLabel"));
    }

    [Fact]
    public void Vectors_of_a_row_are_the_callers_own()
    {
        IDataView scored = trained.Transformer.Transform(trained.MLContext.Data.LoadFromEnumerable(Patches));
        DataViewSchema.Column label = scored.Schema["Label"], predicted = scored.Schema["PredictedLabel"];
        using DataViewRowCursor cursor = scored.GetRowCursor([label, predicted]);
        var get = cursor.GetGetter<VBuffer<byte>>(label);
        VBuffer<byte> value = default;
        foreach (PatchRow row in Patches)
        {
            Assert.True(cursor.MoveNext());
            get(ref value);
            VBufferEditor.CreateFromBuffer(ref value).Values.Clear(); // as ML.NET's own transforms may
            get(ref value);
            Assert.Equal(row.Label, value.DenseValues());
        }
        Assert.False(cursor.MoveNext());
    }

    private void AssertPredicted(IEnumerable<PatchRow> source)
    {
        byte[][] expected = trained.LabelsOf(trained.Transformer);
        IDataView scored = trained.Transformer.Transform(trained.MLContext.Data.LoadFromEnumerable(source));
        var rows = trained.MLContext.Data.CreateEnumerable<NamedPrediction>(scored, reuseRowObject: false, ignoreMissingColumns: true).ToArray();
        Assert.Equal(Patches.Select(row => row.Name), rows.Select(row => row.Name));
        Assert.Equal(Patches.Select(row => row.Label), rows.Select(row => row.Label));
        Assert.Equal(expected, rows.Select(row => row.PredictedLabel));
    }

    private sealed class NamedPrediction
    {
        public string Name { get; set; } = "";

        public byte[] Label { get; set; } = [];

        public byte[] PredictedLabel { get; set; } = [];
    }

    // As a database's reader: a second one cannot be opened before the first one is closed.
    private sealed class OneAtATime(IReadOnlyList<PatchRow> rows) : IEnumerable<PatchRow>
    {
        private int _open;

        public IEnumerator<PatchRow> GetEnumerator()
        {
            if (Interlocked.Exchange(ref _open, 1) != 0)
                throw new InvalidOperationException("There is already an open reader.");
            return Read();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private IEnumerator<PatchRow> Read()
        {
            try
            {
                foreach (PatchRow row in rows)
                    yield return row;
            }
            finally
            {
                _open = 0;
            }
        }
    }
}
