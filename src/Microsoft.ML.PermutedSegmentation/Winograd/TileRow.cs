using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>A row of tiles of one map, and its place among the products.</summary>
/// <param name="Tiles">The maps' tiles.</param>
/// <param name="Row">Of the map's rows of tiles.</param>
/// <param name="Map">[H, W, channels].</param>
/// <param name="FirstChannel">The first of its channels that is meant.</param>
/// <param name="Products">[36, tiles, channels].</param>
/// <param name="Place">The row's first tile among the products'.</param>
internal readonly record struct TileRow(WinogradTiles Tiles, int Row, Tensor Map, int FirstChannel, WinogradProducts Products, int Place)
{
    /// <summary>A row of tiles of several maps, counted on from map to map, which is one among those of the products.</summary>
    public static TileRow Of(WinogradTiles tiles, Tensor[] maps, int row, int firstChannel, WinogradProducts products, int place)
    {
        (int map, int of) = Math.DivRem(row, tiles.Rows);
        return new TileRow(tiles, of, maps[map], firstChannel, products, place * tiles.Columns);
    }
}
