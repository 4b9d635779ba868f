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
    // As long as the largest mask so far.
    private byte[] _keyValues = [];
    private (int Height, int Width) _size;

    public void GetKeyValues(ref VBuffer<byte> target)
    {
        Update();
        ReadOnlySpan<byte> keyValues = _keyValues.AsSpan(0, _size.Height * _size.Width);
        var editor = VBufferEditor.Create(ref target, keyValues.Length);
        keyValues.CopyTo(editor.Values);
        target = editor.Commit();
    }

    public void GetSize(ref VBuffer<int> target)
    {
        Update();
        var editor = VBufferEditor.Create(ref target, 2);
        (editor.Values[0], editor.Values[1]) = (_size.Height, _size.Width);
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
        _size = reader?.Read(path, ref _keyValues) ?? IndexedPng.ReadSize(path);
        _position = row.Position;
    }
}
