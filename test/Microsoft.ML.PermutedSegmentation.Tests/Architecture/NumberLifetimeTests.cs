using System.Reflection;
using System.Reflection.Emit;
using Microsoft.ML.PermutedSegmentation.Attacks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// TorchSharp hands a number to libtorch as a pointer to a Scalar that it does not keep alive: the collector may free it while libtorch reads it. So
/// numbers go through one class that does, and this looks into the compiled methods of all others.
/// </summary>
public sealed class NumberLifetimeTests
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodes = typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    [Fact]
    public void No_number_is_handed_to_libtorch_that_the_collector_may_free()
    {
        Assembly[] assemblies = [typeof(PermutedSegmentationTrainer).Assembly, typeof(AttackOptions).Assembly];
        var found = from assembly in assemblies
                    from type in assembly.GetTypes()
                    where type.FullName!.Split('+')[0] != "Microsoft.ML.PermutedSegmentation.Tensors.TensorArithmetic"
                    from method in type.GetMethods(Everything).Cast<MethodBase>().Concat(type.GetConstructors(Everything))
                    from called in CalledBy(method)
                    where MakesNumber(called)
                    select $"{type.FullName}.{method.Name} calls {called.DeclaringType!.Name}.{called}";
        string[] calls = [.. found.Distinct().Order(StringComparer.Ordinal)];
        Assert.True(calls.Length == 0, string.Join(Environment.NewLine, calls));
    }

    [Fact]
    public void Such_a_call_is_found()
    {
        MethodBase[] calls = [.. CalledBy(typeof(NumberLifetimeTests).GetMethod(nameof(Sample), Everything)!).Where(MakesNumber)];
        Assert.Equal(["op_Implicit", "mul", "op_Multiply", "op_Addition"], calls.Select(call => call.Name));
    }

    private static Tensor Sample(Tensor a, Tensor b) => a.mul(2.5) + 1.5 * b.mul(a);

    private static bool MakesNumber(MethodBase called)
    {
        if (called.DeclaringType?.Assembly != typeof(Tensor).Assembly)
            return false;
        Type[] parameters = [.. called.GetParameters().Select(parameter => parameter.ParameterType)];
        return parameters.Contains(typeof(Scalar)) || called is MethodInfo { ReturnType: var result } && result == typeof(Scalar)
            || called.Name is "add" or "add_" or "op_Addition"
            || called.Name.StartsWith("op_", StringComparison.Ordinal) && parameters.Any(type => type.IsPrimitive)
            || called.Name.StartsWith("To", StringComparison.Ordinal) && called.DeclaringType == typeof(TensorExtensionMethods) && parameters is [var only] && only == typeof(Tensor)
            || called.Name == "item"
            || called.DeclaringType == typeof(optim) || typeof(optim.Optimizer).IsAssignableFrom(called.DeclaringType);
    }

    // As ECMA-335 lays out the code of a method: an operation, and an operand of a size that goes with it.
    private static IEnumerable<MethodBase> CalledBy(MethodBase method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < code.Length;)
        {
            OpCode operation = OpCodes[code[at] == 0xFE ? (short)(code[at++] << 8 | code[at++]) : code[at++]];
            if (operation.OperandType == OperandType.InlineMethod && method.Module.ResolveMethod(BitConverter.ToInt32(code, at),
                method.DeclaringType!.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null) is { } called)
            {
                yield return called;
            }
            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }
}
