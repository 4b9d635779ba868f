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

    /// <summary>x + factor * y.</summary>
    public static Tensor Plus(this Tensor x, Tensor y, double factor = 1) => Hold(factor, held => x.add(y, held));

    /// <summary>The same in place.</summary>
    public static Tensor Add(this Tensor x, Tensor y, double factor = 1) => Hold(factor, held => x.add_(y, held));

    /// <summary>x + number.</summary>
    public static Tensor Plus(this Tensor x, double number) => Hold(number, held => x.add(held, One));

    /// <summary>The same in place.</summary>
    public static Tensor Add(this Tensor x, double number) => Hold(number, held => x.add_(held, One));

    /// <summary>x + 1, in its own integers.</summary>
    public static Tensor PlusOne(this Tensor x) => x.add(One, One);

    /// <summary>x + factor * y * z, in place.</summary>
    public static Tensor AddProduct(this Tensor x, Tensor y, Tensor z, double factor) => Hold(factor, held => x.addcmul_(y, z, held));

    /// <summary>x + factor * y / z, in place.</summary>
    public static Tensor AddQuotient(this Tensor x, Tensor y, Tensor z, double factor) => Hold(factor, held => x.addcdiv_(y, z, held));

    /// <summary>x * number.</summary>
    public static Tensor Times(this Tensor x, double number) => Hold(number, held => x.mul(held));

    /// <summary>The same in place.</summary>
    public static Tensor Multiply(this Tensor x, double number) => Hold(number, held => x.mul_(held));

    /// <summary>x / number.</summary>
    public static Tensor Over(this Tensor x, double number) => Hold(number, held => x.div(held));

    /// <summary>The same in place.</summary>
    public static Tensor Divide(this Tensor x, double number) => Hold(number, held => x.div_(held));

    /// <summary>x to a power.</summary>
    public static Tensor Power(this Tensor x, double exponent) => Hold(exponent, held => x.pow(held));

    /// <summary>Each value, or a number where it is lower.</summary>
    public static Tensor AtLeast(this Tensor x, double least) => Hold(least, held => x.clamp_min(held));

    /// <summary>Each integer, or a number where it is lower.</summary>
    public static Tensor AtLeast(this Tensor x, long least) => Hold(least, held => x.clamp_min(held));

    /// <summary>Moves values that are outside of a range to its nearer end, in place.</summary>
    public static Tensor Clamp(this Tensor x, double least, double most) => Hold(least, from => Hold(most, to => x.clamp_(from, to)));

    /// <summary>Where integers are not this one.</summary>
    public static Tensor IsNot(this Tensor x, long number) => Hold(number, held => x.ne(held));

    /// <summary>The number that a tensor of one value holds.</summary>
    public static double Number(this Tensor x)
    {
        using Tensor number = x.to(ScalarType.Float64).cpu().reshape(1);
        return number.ReadCpuDouble(0);
    }

    private static Tensor Hold(Scalar number, Func<Scalar, Tensor> use)
    {
        using (number)
            return use(number);
    }
}
