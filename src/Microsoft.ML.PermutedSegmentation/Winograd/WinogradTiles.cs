namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>
/// The tiles of 4x4 pixels that maps of one size are cut into. Where the kernel is dilated, a tile takes every so many rows and columns:
/// a dilated convolution is a plain one on each of the dilation x dilation smaller maps that these make.
/// </summary>
internal readonly record struct WinogradTiles(int Height, int Width, int Dilation)
{
    /// <summary>Pixels along a side of a tile.</summary>
    public const int Side = 4;

    /// <summary>Rows of tiles of a map.</summary>
    public int Rows => Dilation * CountAlong(Height);

    /// <summary>Tiles of a row.</summary>
    public int Columns => Dilation * CountAlong(Width);

    /// <summary>How much larger than the map all its tiles are together: 1 where they fit.</summary>
    public double Coverage => (double)Side * Side * Rows * Columns / ((double)Height * Width);

    /// <summary>The rows of tiles of some maps, counted on from map to map, in parts of so many tiles that are worked on together.</summary>
    public IEnumerable<Slice> CutRows(int maps, int tilesAtOnce) => Slice.Cut(maps * Rows, Math.Max(1, tilesAtOnce / Columns));

    /// <summary>The pixels of a square that begins somewhere in a tile, row by row; -1 where it is outside of the map.</summary>
    /// <param name="row">The tile's.</param>
    /// <param name="column">The tile's.</param>
    /// <param name="first">Where the square begins: 0 with the tile, -1 a pixel above and to the left of it.</param>
    /// <param name="side">Pixels along a side of the square.</param>
    /// <param name="pixels">Side x side of them; pixels of a map count row by row.</param>
    public void Locate(int row, int column, int first, int side, Span<int> pixels)
    {
        for (int i = 0; i < side; i++)
        {
            int y = At(row, first + i, Height);
            for (int j = 0; j < side; j++)
            {
                int x = At(column, first + j, Width);
                pixels[i * side + j] = y < 0 || x < 0 ? -1 : y * Width + x;
            }
        }
    }

    private int At(int tile, int offset, int size)
    {
        int at = tile % Dilation + Dilation * (tile / Dilation * Side + offset);
        return at < size ? at : -1;
    }

    private int CountAlong(int size) => (size + Dilation * Side - 1) / (Dilation * Side);
}
