using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class BlockVectorTests
{
    private static readonly BlockVectors Vectors = BlockVectors.Load();

    [Fact]
    public void Orders_of_blocks_agree_with_the_independent_implementation()
    {
        Assert.Equal(3 * 3 * 6, Vectors.Orders.Length);
        foreach (BlockVectors.Order expected in Vectors.Orders)
        {
            using var key = PermutationKey.FromBytes(Convert.FromHexString(expected.Key));
            int[] actual = key.GetBlockOrder(Convert.FromHexString(expected.Salt), expected.Purpose, expected.BlockSize);
            Assert.Equal(expected.First, actual[..expected.First.Length]);
            byte[] hash = SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(',', actual)));
            Assert.Equal(expected.Sha256, Convert.ToHexStringLower(hash));
        }
    }

    [Fact]
    public void Three_digit_codes_agree_with_the_independent_implementation()
    {
        Assert.Equal(3, Vectors.Codes.Length);
        foreach (BlockVectors.CodeTable expected in Vectors.Codes)
        {
            using var key = PermutationKey.FromBytes(Convert.FromHexString(expected.Key));
            Assert.Equal(expected.Values, key.GetThreeDigitCodes(Convert.FromHexString(expected.Salt)));
        }
    }

    [Fact]
    public void Encrypted_images_agree_with_the_independent_implementation()
    {
        Assert.Equal(2 * 3 * 4, Vectors.Images.Length);
        foreach (BlockVectors.Image expected in Vectors.Images)
        {
            using var key = PermutationKey.FromBytes(Convert.FromHexString(expected.Key));
            var transform = BlockTransform.Derive(
                Enum.Parse<BlockTransformMethod>(expected.Method), expected.BlockSize, key, Convert.FromHexString(expected.Salt));
            byte[] plain = FourBytesAPixel(Convert.FromHexString(expected.Plain)), encrypted = new byte[plain.Length];
            transform.Apply(plain, encrypted, expected.Width, isBgr: false);
            Assert.Equal(FourBytesAPixel(Convert.FromHexString(expected.Encrypted)), encrypted);
        }
    }

    private static byte[] FourBytesAPixel(byte[] rgb) => [.. rgb.Chunk(3).SelectMany(pixel => (byte[])[.. pixel, 255])];
}
