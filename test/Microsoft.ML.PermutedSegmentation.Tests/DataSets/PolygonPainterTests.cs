using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Polygons as pixels, worked out by hand.</summary>
public sealed class PolygonPainterTests
{
    [Fact]
    public void A_pixel_belongs_to_the_polygon_that_has_its_centre() => AssertPainted(
        """
        ....
        .##.
        .##.
        ....
        """, 0.6, 0.6, 3.4, 0.6, 3.4, 3.4, 0.6, 3.4);

    [Fact]
    public void A_triangle_has_the_centres_below_its_slope() => AssertPainted(
        """
        #...
        ##..
        ###.
        ####
        """, 0, -0.1, 4.1, 4, 0, 4);

    [Fact]
    public void What_is_outside_the_image_is_cut_off() => AssertPainted(
        """
        ..##
        ..##
        ....
        ....
        """, 2, -100, 1e9, -100, 1e9, 2, 2, 2);

    [Fact]
    public void A_polygon_beside_the_image_paints_nothing() => AssertPainted(
        """
        ....
        ....
        ....
        ....
        """, -9, -9, -1, -9, -1, 9, -9, 9);

    // Two triangles that meet in the middle. Centres on an edge belong to what is to the right of it.
    [Fact]
    public void A_polygon_that_crosses_itself_has_what_is_enclosed_an_odd_number_of_times() => AssertPainted(
        """
        ...#
        #.##
        #.##
        ...#
        """, 0, 0, 4, 4, 4, 0, 0, 4);

    [Fact]
    public void What_is_enclosed_twice_is_outside() => AssertPainted(
        """
        ####
        #..#
        #..#
        ####
        """, 0, 0, 4, 0, 4, 4, 0, 4, 0, 0, 1, 1, 3, 1, 3, 3, 1, 3, 1, 1);

    [Fact]
    public void Polygons_that_share_an_edge_share_no_pixel_and_leave_none()
    {
        byte[] left = Paint(0, 0, 2.5, 0, 1.5, 4, 0, 4), right = Paint(2.5, 0, 4, 0, 4, 4, 1.5, 4);
        Assert.All(left.Zip(right), pixel => Assert.Equal(1, pixel.First + pixel.Second));
    }

    [Fact]
    public void The_area_is_that_of_the_shoelace_formula()
    {
        Assert.Equal(6, PolygonPainter.AreaOf([(0, 0), (4, 0), (0, 3)]));
        Assert.Equal(0, PolygonPainter.AreaOf([(0, 0), (4, 4), (4, 0), (0, 4)]));
    }

    [Fact]
    public void A_polygon_that_would_take_all_memory_is_refused()
    {
        (double, double)[] zigzag = [.. Enumerable.Range(0, 20_000).Select(i => ((double)i, i % 2 * 1000.0))];
        Assert.Contains("20,000 corners", Assert.Throws<InvalidDataException>(() => PolygonPainter.Paint(new byte[1000], 1, zigzag, 1)).Message);
    }

    private static void AssertPainted(string expected, params double[] corners)
    {
        string[] rows = [.. Paint(corners).Chunk(4).Select(row => string.Concat(row.Select(pixel => pixel == 1 ? '#' : '.')))];
        Assert.Equal(expected, string.Join('\n', rows));
    }

    private static byte[] Paint(params double[] corners)
    {
        byte[] mask = new byte[16];
        PolygonPainter.Paint(mask, 4, [.. corners.Chunk(2).Select(corner => (corner[0], corner[1]))], 1);
        return mask;
    }
}
