using Xunit;
using static Microsoft.ML.PermutedSegmentation.BlockTransformMethod;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class BlockTransformTests
{
    private const int Height = 12;
    private const int Width = 18;

    private static readonly byte[] KeyBytes = [.. Enumerable.Range(1, 32).Select(i => (byte)(5 * i))];
    private static readonly byte[] Salt = [.. Enumerable.Range(100, 16).Select(i => (byte)i)];

    public static IEnumerable<object[]> MethodsAndSizes =>
        from method in Enum.GetValues<BlockTransformMethod>() from size in (int[])[2, 3, 6] select (object[])[method, size];

    [Theory]
    [MemberData(nameof(MethodsAndSizes))]
    public void Agrees_with_the_definition_pixel_by_pixel(BlockTransformMethod method, int size)
    {
        byte[] plain = RandomImages.Pixels(Height, Width), encrypted = Apply(Derive(method, size), plain, Width);
        using var key = PermutationKey.FromBytes(KeyBytes);
        Func<byte[], int, byte> expected = method switch
        {
            Shuffle => Shuffled(key.GetBlockOrder(Salt, "shuffle", size)),
            NegativePositive => Inverted(key.GetBlockOrder(Salt, "negative-positive", size)),
            _ => Coded(key.GetBlockOrder(Salt, "ffx-positions", size), key.GetThreeDigitCodes(Salt)),
        };
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                byte[] block = BlockAt(plain, y / size * size, x / size * size, size);
                for (int channel = 0; channel < 3; channel++)
                    Assert.Equal(expected(block, (y % size * size + x % size) * 3 + channel), encrypted[(y * Width + x) * 4 + channel]);
                Assert.Equal(plain[(y * Width + x) * 4 + 3], encrypted[(y * Width + x) * 4 + 3]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(MethodsAndSizes))]
    public void Equal_blocks_encrypt_equally_and_each_by_itself(BlockTransformMethod method, int size)
    {
        // One block repeated, then one value changed in the block in row 1, column 1.
        byte[] plain = RandomImages.Pixels(2 * size, 3 * size);
        for (int y = 0; y < 2 * size; y++)
        {
            for (int x = 0; x < 3 * size; x++)
                plain.AsSpan((y % size * 3 * size + x % size) * 4, 4).CopyTo(plain.AsSpan((y * 3 * size + x) * 4, 4));
        }
        BlockTransform transform = Derive(method, size);
        byte[] encrypted = Apply(transform, plain, 3 * size);
        byte[] block = BlockAt(encrypted, 0, 0, size, 3 * size);
        plain[(size * 3 * size + size) * 4 + 1] ^= 0x80;
        byte[] changed = Apply(transform, plain, 3 * size);

        for (int row = 0; row < 2; row++)
        {
            for (int column = 0; column < 3; column++)
            {
                Assert.Equal(block, BlockAt(encrypted, row * size, column * size, size, 3 * size));
                byte[] after = BlockAt(changed, row * size, column * size, size, 3 * size);
                Assert.Equal((row, column) == (1, 1) ? 1 : 0, block.Zip(after, (a, b) => a == b ? 0 : 1).Sum());
            }
        }
    }

    [Theory]
    [InlineData(Shuffle)]
    [InlineData(NegativePositive)]
    public void Decryption_gives_the_image_back(BlockTransformMethod method)
    {
        foreach (int size in (int[])[2, 3, 4, 6, 12])
        {
            byte[] plain = RandomImages.Pixels(24, 36, seed: size);
            BlockTransform transform = Derive(method, size);
            byte[] encrypted = Apply(transform, plain, 36);
            Assert.NotEqual(plain, encrypted);
            Assert.Equal(plain, Apply(transform.Inverse(), encrypted, 36));
        }
    }

    [Fact]
    public void Three_digits_rounded_to_8_bits_are_not_decrypted()
        => Assert.Throws<InvalidOperationException>(() => Derive(FormatPreserving, 4).Inverse());

    [Theory]
    [MemberData(nameof(MethodsAndSizes))]
    public void The_order_of_the_channels_in_memory_does_not_matter(BlockTransformMethod method, int size)
    {
        BlockTransform transform = Derive(method, size);
        byte[] rgb = RandomImages.Pixels(Height, Width), bgr = SwapRedAndBlue(rgb);
        byte[] fromRgb = Apply(transform, rgb, Width), fromBgr = new byte[bgr.Length];
        transform.Apply(bgr, fromBgr, Width, isBgr: true);
        Assert.Equal(fromRgb, SwapRedAndBlue(fromBgr));
    }

    [Fact]
    public void Images_of_different_widths_may_follow_each_other()
    {
        BlockTransform transform = Derive(Shuffle, 2);
        byte[] narrow = RandomImages.Pixels(4, 2), wide = RandomImages.Pixels(4, 8);
        byte[] first = Apply(transform, narrow, 2);
        Assert.Equal(wide, Apply(transform.Inverse(), Apply(transform, wide, 8), 8));
        Assert.Equal(first, Apply(transform, narrow, 2));
    }

    [Theory]
    [InlineData(Shuffle)]
    [InlineData(NegativePositive)]
    [InlineData(FormatPreserving)]
    public void Another_key_or_salt_gives_another_image(BlockTransformMethod method)
    {
        byte[] plain = RandomImages.Pixels(8, 8), encrypted = Apply(Derive(method, 4), plain, 8);
        using PermutationKey key = PermutationKey.FromBytes(KeyBytes), wrong = TestKeys.Wrong();
        Assert.Equal(encrypted, Apply(Derive(method, 4), plain, 8));
        Assert.NotEqual(encrypted, Apply(BlockTransform.Derive(method, 4, wrong, Salt), plain, 8));
        Assert.NotEqual(encrypted, Apply(BlockTransform.Derive(method, 4, key, [.. Salt[..15], 0]), plain, 8));
    }

    private static BlockTransform Derive(BlockTransformMethod method, int size)
    {
        using var key = PermutationKey.FromBytes(KeyBytes);
        return BlockTransform.Derive(method, size, key, Salt);
    }

    private static byte[] Apply(BlockTransform transform, byte[] pixels, int width)
    {
        byte[] result = new byte[pixels.Length];
        transform.Apply(pixels, result, width, isBgr: false);
        return result;
    }

    private static Func<byte[], int, byte> Shuffled(int[] order) => (block, p) => block[order[p]];

    private static Func<byte[], int, byte> Inverted(int[] order)
        => (block, p) => (byte)(IsKeyed(order, p) ? 255 - block[p] : block[p]);

    private static Func<byte[], int, byte> Coded(int[] order, int[] codes)
        => (block, p) => (byte)Math.Floor(255m * (IsKeyed(order, p) ? codes[block[p]] : block[p]) / codes.Max() + 0.5m);

    private static bool IsKeyed(int[] order, int p) => Array.IndexOf(order, p) < order.Length / 2;

    private static byte[] BlockAt(byte[] pixels, int top, int left, int size, int width = Width)
        => [.. from y in Enumerable.Range(top, size) from x in Enumerable.Range(left, size) from channel in Enumerable.Range(0, 3) select pixels[(y * width + x) * 4 + channel]];

    private static byte[] SwapRedAndBlue(byte[] pixels)
        => [.. pixels.Chunk(4).SelectMany(pixel => (byte[])[pixel[2], pixel[1], pixel[0], pixel[3]])];
}
