using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>Some floats that are worked on together. .NET's vectors of different widths have no interface in common that says so.</summary>
internal interface IFloatVector<TSelf> where TSelf : unmanaged, IFloatVector<TSelf>
{
    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, float b);

    /// <summary>The larger of both; NaN where the value is NaN.</summary>
    static abstract TSelf AtLeast(float least, TSelf value);
}

// The least comes first: x86 gives the second operand where one is not a number.

/// <summary>As many as AVX-512 works on.</summary>
internal readonly record struct Floats16(Vector512<float> Value) : IFloatVector<Floats16>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator +(Floats16 a, Floats16 b) => new(a.Value + b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator -(Floats16 a, Floats16 b) => new(a.Value - b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator *(Floats16 a, float b) => new(a.Value * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 AtLeast(float least, Floats16 value) => new(Vector512.MaxNative(Vector512.Create(least), value.Value));
}

/// <summary>As many as AVX works on.</summary>
internal readonly record struct Floats8(Vector256<float> Value) : IFloatVector<Floats8>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator +(Floats8 a, Floats8 b) => new(a.Value + b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator -(Floats8 a, Floats8 b) => new(a.Value - b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator *(Floats8 a, float b) => new(a.Value * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 AtLeast(float least, Floats8 value) => new(Vector256.MaxNative(Vector256.Create(least), value.Value));
}

/// <summary>As many as the vectors of ARM and of older processors hold.</summary>
internal readonly record struct Floats4(Vector128<float> Value) : IFloatVector<Floats4>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 operator +(Floats4 a, Floats4 b) => new(a.Value + b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 operator -(Floats4 a, Floats4 b) => new(a.Value - b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 operator *(Floats4 a, float b) => new(a.Value * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 AtLeast(float least, Floats4 value) => new(Vector128.MaxNative(Vector128.Create(least), value.Value));
}
