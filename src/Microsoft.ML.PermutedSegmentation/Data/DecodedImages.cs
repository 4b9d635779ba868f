using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>
/// The images and masks of a data view, decoded once and kept in memory as far as a budget allows. Rows beyond the budget
/// are decoded again at each visit.
/// </summary>
internal sealed class DecodedImages
{
    private readonly IDataView _data;
    private readonly ImageColumn _imageColumn;
    private readonly MaskColumn _maskColumn;
    private readonly List<LabeledImage?> _kept = [];
    private readonly List<(int Height, int Width)> _sizes = [];
    private long _budgetLeft;

    /// <summary>Binds to the columns; nothing is read yet.</summary>
    /// <param name="data">Rows with an image and a mask.</param>
    /// <param name="imageColumnName">Column of images.</param>
    /// <param name="labelColumnName">Column of masks.</param>
    /// <param name="budgetInBytes">How much memory decoded images may fill.</param>
    /// <param name="parameter">The argument or option that the rows came by.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public DecodedImages(IDataView data, string imageColumnName, string labelColumnName, long budgetInBytes, string parameter = "input")
    {
        _data = data;
        _imageColumn = ImageColumn.Find(data.Schema, imageColumnName, parameter);
        _maskColumn = MaskColumn.Find(data.Schema, labelColumnName, parameter);
        ClassNames = _maskColumn.ClassNames ?? [.. Enumerable.Range(0, _maskColumn.ClassCount).Select(k => FormattableString.Invariant($"{k}"))];
        Labels = new LabelCounts(ClassNames);
        _budgetLeft = budgetInBytes;
    }

    /// <summary>Classes of the masks.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of rows; 0 before <see cref="ReadAll"/>.</summary>
    public int Count => _kept.Count;

    /// <summary>The sizes of all images, in pixels; filled by <see cref="ReadAll"/>.</summary>
    public IReadOnlyList<(int Height, int Width)> Sizes => _sizes;

    /// <summary>What the masks of all rows hold; filled by <see cref="ReadAll"/>.</summary>
    public LabelCounts Labels { get; }

    /// <summary>SHA-256 of all images and masks, in the order of the rows; filled by <see cref="ReadAll"/> when it is wanted.</summary>
    public byte[] Digest { get; private set; } = [];

    /// <summary>Memory that is left of the budget, in bytes.</summary>
    public long BudgetLeft => _budgetLeft;

    /// <summary>The first pass: decodes and checks each row and keeps what fits.</summary>
    /// <param name="progress">Told the number of rows read so far.</param>
    /// <param name="cancellation">Ends the pass with an <see cref="OperationCanceledException"/>.</param>
    /// <param name="withDigest">Whether the <see cref="Digest"/> is wanted.</param>
    /// <param name="workers">How many threads decode; null: all that there are cores for.</param>
    /// <exception cref="InvalidDataException">A row has no image, or a mask of another size than its image.</exception>
    public void ReadAll(Action<int> progress, CancellationToken cancellation, bool withDigest = false, int? workers = null)
    {
        using IncrementalHash? hash = withDigest ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        // Beyond the threads' own images few are to wait.
        int threads = workers ?? InputWorkers.Alone, ahead = threads + 2;
        using RowPlaces places = Places(ahead, threads);
        foreach ((LabeledImage image, int[] pixelCounts) in OrderedWorkers.Run(places.All(), threads, ahead, (place, worker) => CountPixels(place.Keep(worker), place.Row)))
        {
            cancellation.ThrowIfCancellationRequested();
            Labels.Add(pixelCounts);
            if (hash is not null)
                image.AppendTo(hash);
            bool fits = image.SizeInBytes <= _budgetLeft;
            if (fits)
                _budgetLeft -= image.SizeInBytes;
            _kept.Add(fits ? image : null);
            _sizes.Add((image.Height, image.Width));
            progress(_kept.Count);
        }
        Digest = hash?.GetHashAndReset() ?? [];
    }

    /// <summary>Places for rows that are read again; the caller disposes them when nobody reads any more.</summary>
    /// <param name="count">How many rows wait, or are in use, at the same time.</param>
    /// <param name="workers">How many threads read.</param>
    public RowPlaces Places(int count, int workers) => new(_data, _imageColumn, _maskColumn, count, workers);

    /// <summary>
    /// The given rows and their images, to be read on any thread. Rows in memory come in the given order; places of rows that are not are filled with
    /// those in the order of the data, so that one pass over it is enough.
    /// </summary>
    /// <param name="rows">Which rows.</param>
    /// <param name="places">Where those that are not in memory are read.</param>
    public IEnumerable<(int Row, ILabeledImage Image)> Visit(IReadOnlyList<int> rows, RowPlaces places) =>
        VisitSome(rows, places, _ => true).Select(visited => (visited.Row, visited.Image!));

    /// <summary>The same, of which some are not read, and come without an image.</summary>
    /// <param name="rows">Which rows.</param>
    /// <param name="places">Where those that are not in memory are read.</param>
    /// <param name="isWanted">Whether the next of them, by its place from 0, is to be read; asked once for each.</param>
    public IEnumerable<(int Row, ILabeledImage? Image)> VisitSome(IReadOnlyList<int> rows, RowPlaces places, Func<int, bool> isWanted)
    {
        int[] notKept = [.. rows.Where(row => _kept[row] is null).Order()];
        int next = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            ILabeledImage? image = _kept[rows[i]];
            int row = image is null ? notKept[next++] : rows[i];
            yield return (row, isWanted(i) ? image ?? ReadAgain(places, row) : null);
        }
    }

    private RowPlace ReadAgain(RowPlaces places, int row) =>
        places.Next(row, _sizes[row]) ?? throw new InvalidDataException($"The data view gave {Count} rows before and fewer now.");

    private (LabeledImage Image, int[] PixelCounts) CountPixels(LabeledImage image, long row)
    {
        int[] counts = new int[MaskLabels.KeyValueCount(_maskColumn.ClassCount)];
        foreach (byte value in image.Mask)
        {
            if (value >= counts.Length)
                throw new InvalidDataException($"Row {row}: the mask has key value {value}; with {counts.Length - 1} classes the largest is {counts.Length - 1} (class k is key value k + 1).");
            counts[value]++;
        }
        return (image, counts);
    }
}
