using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Models with their tensors, from files.</summary>
internal static class ModelFile
{
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
            SealTag? tag = stored.ReadStored((name, shape) => (state[name] = TensorBytes.New(shape)).Values());
            return SegmentationModel.Stored(description, TorchNetwork.FromState(description.Layout, state), columns, tag);
        }
        catch
        {
            foreach (Tensor tensor in state.Values)
                tensor.Dispose();
            throw;
        }
    }
}
