using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Converts between the two ways to label a pixel. In files, and in the output of <c>OnnxSegmenter</c>, class k is <b>class index</b> k and a
/// pixel without a label (void) is 255. In columns of ML.NET, and in <see cref="MaskFile"/>, class k is <b>key value</b> k + 1 and void is 0,
/// the missing key.
/// </summary>
public static class MaskLabels
{
    /// <summary>The class index of pixels without a label.</summary>
    public const byte VoidClass = ClassPalette.VoidClass;

    /// <summary>The key value of pixels without a label.</summary>
    public const byte VoidKeyValue = 0;

    /// <summary>The key value of a class index; that of void is void.</summary>
    /// <param name="classIndex">0 to 254, or <see cref="VoidClass"/>.</param>
    public static byte ToKeyValue(byte classIndex) => unchecked((byte)(classIndex + 1));

    /// <summary>The class index of a key value; that of void is void.</summary>
    /// <param name="keyValue">1 to 255, or <see cref="VoidKeyValue"/>.</param>
    public static byte ToClass(byte keyValue) => unchecked((byte)(keyValue - 1));

    /// <summary>The key values of class indexes, in the same place or in another.</summary>
    /// <param name="classes">Class indexes.</param>
    /// <param name="keyValues">Where the key values go: at least as long, and the same memory or none of it.</param>
    /// <exception cref="ArgumentException"><paramref name="keyValues"/> is shorter than <paramref name="classes"/>, or overlaps it elsewhere.</exception>
    public static void ToKeyValues(ReadOnlySpan<byte> classes, Span<byte> keyValues) => TensorPrimitives.Add(classes, (byte)1, keyValues);

    /// <summary>The key values of a mask of class indexes, row by row, as columns of ML.NET and <see cref="MaskFile"/> have them.</summary>
    /// <param name="classes">Class indexes, height x width.</param>
    /// <exception cref="ArgumentNullException"><paramref name="classes"/> is null.</exception>
    public static byte[] ToKeyValues(byte[,] classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        byte[] keyValues = new byte[classes.Length];
        int i = 0;
        foreach (byte classIndex in classes)
            keyValues[i++] = ToKeyValue(classIndex);
        return keyValues;
    }

    /// <summary>The class indexes of key values, in the same place or in another.</summary>
    /// <param name="keyValues">Key values.</param>
    /// <param name="classes">Where the class indexes go: at least as long, and the same memory or none of it.</param>
    /// <exception cref="ArgumentException"><paramref name="classes"/> is shorter than <paramref name="keyValues"/>, or overlaps it elsewhere.</exception>
    public static void ToClasses(ReadOnlySpan<byte> keyValues, Span<byte> classes) => TensorPrimitives.Subtract(keyValues, (byte)1, classes);

    /// <summary>How many key values there are, void among them: one can index an array.</summary>
    internal static int KeyValueCount(int classCount) => classCount + 1;

    /// <summary>The key value of a class, as an index of such an array.</summary>
    internal static int KeyValueOf(int classIndex) => classIndex + 1;
}
