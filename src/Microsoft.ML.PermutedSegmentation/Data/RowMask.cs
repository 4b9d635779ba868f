using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>
/// The mask of a cursor's current row. It is decoded once a row, however many columns are made from it; without a reader
/// only its header is read.
/// </summary>
internal sealed class RowMask(DataViewRow row, DataViewSchema.Column input, string? folder, MaskReader? reader)
{
    private readonly ValueGetter<ReadOnlyMemory<char>> _getFileName = row.GetGetter<ReadOnlyMemory<char>>(input);
    private long? _position;
    private string _fileName = "";
    private (byte[] KeyValues, int Height, int Width) _mask = ([], 0, 0);

    public void GetKeyValues(ref VBuffer<byte> target)
    {
        Update();
        var editor = VBufferEditor.Create(ref target, _mask.KeyValues.Length);
        _mask.KeyValues.CopyTo(editor.Values);
        target = editor.Commit();
    }

    public void GetSize(ref VBuffer<int> target)
    {
        Update();
        var editor = VBufferEditor.Create(ref target, 2);
        (editor.Values[0], editor.Values[1]) = (_mask.Height, _mask.Width);
        target = editor.Commit();
    }

    private void Update()
    {
        ReadOnlyMemory<char> fileName = default;
        _getFileName(ref fileName);
        // The position alone would do for a cursor, but a PredictionEngine's row may keep it.
        if (row.Position == _position && fileName.Span.SequenceEqual(_fileName))
            return;
        if (fileName.Span.IsWhiteSpace())
            throw new InvalidDataException($"Row {row.Position} has no mask file name in its column '{input.Name}'.");

        _position = null; // should reading fail, the last row's mask is not this row's
        _fileName = fileName.ToString();
        string path = folder is null ? _fileName : Path.Combine(folder, _fileName);
        if (reader is not null)
            _mask = reader.Read(path);
        else
            (_mask.Height, _mask.Width) = IndexedPng.ReadSize(path);
        _position = row.Position;
    }
}
