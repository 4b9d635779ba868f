using Microsoft.ML.PermutedSegmentation.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>Runs a network's table, layer by layer; each map is freed when its last reader has run.</summary>
/// <param name="layout">The network.</param>
internal abstract class LayoutRunner(NetworkLayout layout)
{
    public NetworkLayout Layout => layout;

    /// <summary>The layers behind those that make the given maps, up to one that does not run any more.</summary>
    /// <param name="start">Where to begin; it stays the caller's and is not changed.</param>
    /// <param name="end">The first layer that does not run; the number of layers for the scores.</param>
    /// <param name="atKeyedMap">What becomes of a keyed map, as a new handle, for the paper's literal form; null: it stays as it is.</param>
    public LiveMaps Run(LiveMaps start, int end, Func<FeatureMaps, Tensor, Tensor>? atKeyedMap = null)
    {
        var maps = new RunningMaps(layout.Layers.Count);
        foreach ((Layer layer, Tensor map) in layout.NeededFrom(start.Index).Zip(start.Maps))
            maps.Give(layer, map.alias());
        for (int i = start.Index; i < end; i++)
        {
            Layer layer = layout.Layers[i];
            maps[layer] = layer is KeyedMap keyed && atKeyedMap is not null ? atKeyedMap(keyed.Map, maps[keyed.Inputs[0]]) : Compute(layer, maps);
            foreach (Layer input in layer.Inputs)
            {
                if (layout.LastReaderOf(input) == i)
                    maps.Free(input);
            }
        }
        return new LiveMaps(layout, end, [.. layout.NeededFrom(end).Select(layer => maps[layer])]);
    }

    /// <summary>The map that a layer makes, as a new handle. Here are the layers without weights, which are the same in every form of a network.</summary>
    protected virtual Tensor Compute(Layer layer, RunningMaps maps) => layer switch
    {
        MaxPool pool => nn.functional.max_pool2d(maps[pool.Inputs[0]], MaxPool.Kernel, MaxPool.Step, MaxPool.Padding),
        GlobalAverage average => nn.functional.adaptive_avg_pool2d(maps[average.Inputs[0]], 1),
        Product product => maps[product.Inputs[0]].mul(maps[product.Inputs[1]]),
        Concatenation concatenation => cat([.. concatenation.Inputs.Select(input => maps[input])], 1),
        Resize resize => Upsample(maps[resize.Inputs[0]], maps[resize.Like].shape[2], maps[resize.Like].shape[3]),
        // What a key permutes passes through, and in scoring dropout is nothing.
        KeyedMap or Dropout => maps.Pass(layer.Inputs[0], layer),
        _ => throw new NotSupportedException($"A {layer.GetType().Name} cannot run."),
    };

    /// <summary>A map <c>[N, C, h, w]</c> as <c>[N, C, height, width]</c>, bilinearly between pixel centres.</summary>
    public static Tensor Upsample(Tensor map, long height, long width) =>
        nn.functional.interpolate(map, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
}
