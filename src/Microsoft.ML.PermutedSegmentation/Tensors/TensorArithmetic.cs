using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tensors;

/// <summary>
/// Tensors with numbers, and sums of tensors. TorchSharp hands libtorch a pointer to a <see cref="Scalar"/> that nothing holds any more, in a sum of
/// tensors to the factor 1: when the garbage collector runs meanwhile, libtorch reads what has been freed. Here it lives until the call is over.
/// </summary>
internal static class TensorArithmetic
{
    private static readonly Scalar One = 1;

    /// <summary>x + y, or x + factor * y.</summary>
    public static Tensor Plus(this Tensor x, Tensor y, double factor = 1)
    {
        if (factor == 1)
            return x.add(y, One);
        using Scalar scalar = factor;
        return x.add(y, scalar);
    }

    /// <summary>The same in place.</summary>
    public static Tensor Add(this Tensor x, Tensor y, double factor = 1)
    {
        if (factor == 1)
            return x.add_(y, One);
        using Scalar scalar = factor;
        return x.add_(y, scalar);
    }

    /// <summary>x + number.</summary>
    public static Tensor Plus(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.add(scalar, One);
    }

    /// <summary>The same in place.</summary>
    public static Tensor Add(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.add_(scalar, One);
    }

    /// <summary>x + 1, in its own integers.</summary>
    public static Tensor PlusOne(this Tensor x) => x.add(One, One);

    /// <summary>x + factor * y * z, in place.</summary>
    public static Tensor AddProduct(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using Scalar scalar = factor;
        return x.addcmul_(y, z, scalar);
    }

    /// <summary>x + factor * y / z, in place.</summary>
    public static Tensor AddQuotient(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using Scalar scalar = factor;
        return x.addcdiv_(y, z, scalar);
    }

    /// <summary>x * number.</summary>
    public static Tensor Times(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul(scalar);
    }

    /// <summary>The same in place.</summary>
    public static Tensor Multiply(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul_(scalar);
    }

    /// <summary>x / number.</summary>
    public static Tensor Over(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div(scalar);
    }

    /// <summary>The same in place.</summary>
    public static Tensor Divide(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div_(scalar);
    }

    /// <summary>x to a power.</summary>
    public static Tensor Power(this Tensor x, double exponent)
    {
        using Scalar scalar = exponent;
        return x.pow(scalar);
    }

    /// <summary>Each value, or a number where it is lower.</summary>
    public static Tensor AtLeast(this Tensor x, double least)
    {
        using Scalar scalar = least;
        return x.clamp_min(scalar);
    }

    /// <summary>Each integer, or a number where it is lower.</summary>
    public static Tensor AtLeast(this Tensor x, long least)
    {
        using Scalar scalar = least;
        return x.clamp_min(scalar);
    }

    /// <summary>Moves values that are outside of a range to its nearer end, in place.</summary>
    public static Tensor Clamp(this Tensor x, double least, double most)
    {
        using Scalar from = least, to = most;
        return x.clamp_(from, to);
    }

    /// <summary>Where integers are not this one.</summary>
    public static Tensor IsNot(this Tensor x, long number)
    {
        using Scalar scalar = number;
        return x.ne(scalar);
    }

    /// <summary>The number that a tensor of one value holds.</summary>
    public static double Number(this Tensor x)
    {
        using Tensor number = x.to(ScalarType.Float64).cpu().reshape(1);
        return number.ReadCpuDouble(0);
    }
}
