using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Prediction;

/// <summary>The classes that a model sees in images, one after the other. A mask may be very large: none is kept here.</summary>
internal sealed class PredictedMasks : IDisposable
{
    private readonly DataViewRowCursor _cursor;
    private readonly ValueGetter<VBuffer<byte>> _getLabels;
    private readonly ValueGetter<VBuffer<int>>? _getSize;
    private VBuffer<byte> _labels;
    private int _height, _width;

    /// <param name="scored">Rows with the column PredictedLabel and, if their masks have the images' sizes, PredictedLabelSize.</param>
    public PredictedMasks(IDataView scored)
    {
        var labels = scored.Schema["PredictedLabel"];
        var size = labels.Type is VectorDataViewType { IsKnownSize: true } ? null : scored.Schema.GetColumnOrNull("PredictedLabelSize");
        _cursor = scored.GetRowCursor(size is null ? [labels] : [labels, size.Value]);
        _getLabels = _cursor.GetGetter<VBuffer<byte>>(labels);
        if (size is not null)
            _getSize = _cursor.GetGetter<VBuffer<int>>(size.Value);
        else
            (_height, _width) = ((VectorDataViewType)labels.Type).Dimensions is [var height, var width] ? (height, width) : (0, 0);
    }

    /// <summary>Goes on to the next image.</summary>
    public bool MoveNext()
    {
        if (!_cursor.MoveNext())
            return false;
        _getLabels(ref _labels);
        if (_getSize is not null)
        {
            VBuffer<int> size = default;
            _getSize(ref size);
            (_height, _width) = (size.GetItemOrDefault(0), size.GetItemOrDefault(1));
        }
        return true;
    }

    /// <summary>The current mask, to keep.</summary>
    public MaskPrediction Current => new([.. _labels.DenseValues()], _height, _width);

    public void Dispose() => _cursor.Dispose();
}
