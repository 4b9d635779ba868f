using Microsoft.ML.PermutedSegmentation.Networks;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>All maps that are needed from one place in a network's table on: what a run can go on from.</summary>
/// <param name="layout">The network.</param>
/// <param name="index">The layer that comes next.</param>
/// <param name="maps">The maps of <see cref="NetworkLayout.NeededFrom"/>, in that order, which it owns from now on.</param>
internal sealed class LiveMaps(NetworkLayout layout, int index, IReadOnlyList<Tensor> maps) : IDisposable
{
    /// <summary>The layer that comes next.</summary>
    public int Index => index;

    public IReadOnlyList<Tensor> Maps => maps;

    /// <summary>The only map; at the end these are the scores.</summary>
    public Tensor Only => maps.Single();

    /// <summary>The map that a layer has made.</summary>
    public Tensor Of(Layer layer) => layout.NeededFrom(index).Zip(maps).Single(entry => entry.First == layer).Second;

    /// <summary>How many images they are of.</summary>
    public int Count => (int)maps[0].shape[0];

    /// <summary>How many values they have.</summary>
    public long NumberOfElements => maps.Sum(map => map.NumberOfElements);

    /// <summary>The start of a run; the images stay the caller's.</summary>
    public static LiveMaps Of(NetworkLayout layout, Tensor images) => new(layout, 1, [images.alias()]);

    /// <summary>The same of other tensors for the same maps, such as of a part of the images.</summary>
    public LiveMaps With(IReadOnlyList<Tensor> others) => new(layout, index, others);

    /// <summary>Takes them out of all dispose scopes.</summary>
    public LiveMaps Detach()
    {
        foreach (Tensor map in maps)
            map.DetachFromDisposeScope();
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor map in maps)
            map.Dispose();
    }
}
