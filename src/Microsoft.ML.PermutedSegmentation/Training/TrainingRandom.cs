using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// Where everything random of a training comes from. Each epoch has random numbers of its own, which the seed and its number give:
/// a training that goes on after any epoch draws what it would have drawn without a break.
/// </summary>
internal sealed class TrainingRandom(int seed) : IDisposable
{
    public int Seed => seed;

    /// <summary>Draws the initial weights first, and then the dropout masks.</summary>
    public Generator Generator { get; } = new((ulong)seed);

    /// <summary>Draws the rows that are held out.</summary>
    public Random HoldOut() => new(seed);

    /// <summary>Turns <see cref="Generator"/> to the dropout masks of an epoch; the result draws its shuffling and its crops.</summary>
    public Random StartEpoch(int epoch)
    {
        // A hash, since generators of the same kind with seeds in a row begin alike.
        byte[] seeds = SHA256.HashData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"{seed}/{epoch}")));
        Generator.manual_seed(BinaryPrimitives.ReadInt64LittleEndian(seeds));
        return new Random(BinaryPrimitives.ReadInt32LittleEndian(seeds.AsSpan(sizeof(long))));
    }

    /// <inheritdoc/>
    public void Dispose() => Generator.Dispose();
}
