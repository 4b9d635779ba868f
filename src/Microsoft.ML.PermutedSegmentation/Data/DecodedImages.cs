using System.Security.Cryptography;
using Microsoft.ML.Data;

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
    /// <exception cref="InvalidDataException">A row has no image, or a mask of another size than its image.</exception>
    public void ReadAll(Action<int> progress, CancellationToken cancellation, bool withDigest = false)
    {
        var pixelCounts = new int[MaskLabels.KeyValueCount(_maskColumn.ClassCount)];
        using IncrementalHash? hash = withDigest ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        foreach (LabeledImage image in Decode(wanted: null))
        {
            cancellation.ThrowIfCancellationRequested();
            CountPixels(image.Mask, pixelCounts);
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

    /// <summary>
    /// The images of the given rows. Rows in memory come in the given order; places of rows that are not are filled with
    /// those in the order of the data, so that one pass over it is enough.
    /// </summary>
    public IEnumerable<(int Row, LabeledImage Image)> Visit(IReadOnlyList<int> rows)
    {
        int[] notKept = [.. rows.Where(row => _kept[row] is null).Order()];
        using IEnumerator<LabeledImage> decoded = Decode(notKept).GetEnumerator();
        int next = 0;
        foreach (int row in rows)
        {
            if (_kept[row] is { } kept)
            {
                yield return (row, kept);
            }
            else
            {
                if (!decoded.MoveNext())
                    throw new InvalidDataException($"The data view gave {Count} rows before and fewer now.");
                yield return (notKept[next++], decoded.Current);
            }
        }
    }

    private void CountPixels(byte[] mask, int[] pixelCounts)
    {
        Array.Clear(pixelCounts);
        foreach (byte value in mask)
        {
            if (value >= pixelCounts.Length)
                throw new InvalidDataException($"Row {Count}: the mask has key value {value}; with {pixelCounts.Length - 1} classes the largest is {pixelCounts.Length - 1} (class k is key value k + 1).");
            pixelCounts[value]++;
        }
    }

    // wanted: ascending row numbers, or null for all. A row that is not wanted costs nothing: its getters are not called.
    private IEnumerable<LabeledImage> Decode(int[]? wanted)
    {
        if (wanted is [])
            yield break;
        using DataViewRowCursor cursor = _data.GetLazyCursor([.. _imageColumn.Columns, .. _maskColumn.Columns]);
        using ImageColumn.Reader imageReader = _imageColumn.CreateReader(cursor);
        MaskColumn.Reader maskReader = _maskColumn.CreateReader(cursor);
        int next = 0;
        while ((wanted is null || next < wanted.Length) && cursor.MoveNext())
        {
            if (wanted is not null && cursor.Position != wanted[next])
                continue;
            next++;
            MLImage image = imageReader.Read();
            byte[] mask = maskReader.Read().ToArray();
            if (maskReader.Height != image.Height || maskReader.Width != image.Width)
                throw new InvalidDataException($"{imageReader.DescribeRow()}: the mask is {maskReader.Height}x{maskReader.Width} but its image is {image.Height}x{image.Width} (height x width); they must have the same size.{MaskShape.ExplainTurn(maskReader.Size, (image.Height, image.Width))}");
            yield return new LabeledImage(RgbPixels.From(image), mask, image.Height, image.Width);
        }
    }
}
