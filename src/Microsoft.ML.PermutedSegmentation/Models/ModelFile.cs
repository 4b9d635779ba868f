using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Models with their tensors, to and from files.</summary>
internal static class ModelFile
{
    /// <summary>Writes a model, holding one re-protected tensor at a time.</summary>
    public static void Save(SegmentationModel model, Stream stream)
    {
        using var use = model.Use();
        using var writer = new ModelWriter(stream, model.Description, use.Value.Network.State.Keys, model.Columns.ToMetadata());
        foreach ((string name, Tensor value) in model.StoredState())
        {
            using (value)
                value.UseBytes(bytes => writer.Write(name, bytes));
        }
        writer.Complete();
    }

    /// <summary>Reads a model straight into its tensors.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static SegmentationModel Load(StoredModel stored)
    {
        ModelDescription description = stored.Description;
        ModelColumns columns = ModelColumns.Read(stored.Metadata);
        if (description.Protection?.ImageStep is not null)
            PixelTransformMaker.Find().Check(description);
        var state = new Dictionary<string, Tensor>();
        try
        {
            stored.ReadWeights((name, shape) => (state[name] = TensorBytes.New(shape)).Values());
            return SegmentationModel.Stored(description, TorchNetwork.FromState(description.Layout, state), columns);
        }
        catch
        {
            foreach (Tensor tensor in state.Values)
                tensor.Dispose();
            throw;
        }
    }
}
