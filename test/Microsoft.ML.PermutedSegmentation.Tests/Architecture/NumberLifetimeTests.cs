using System.Reflection;
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
    [Fact]
    public void No_number_is_handed_to_libtorch_that_the_collector_may_free()
    {
        Assembly[] assemblies = [typeof(PermutedSegmentationTrainer).Assembly, typeof(AttackOptions).Assembly];
        var found = from assembly in assemblies
                    from type in assembly.GetTypes()
                    where type.FullName!.Split('+')[0] != "Microsoft.ML.PermutedSegmentation.Tensors.TensorArithmetic"
                    from method in type.GetMethods(CompiledCode.Everything).Cast<MethodBase>().Concat(type.GetConstructors(CompiledCode.Everything))
                    from called in CalledBy(method)
                    where MakesNumber(called)
                    select $"{type.FullName}.{method.Name} calls {called.DeclaringType!.Name}.{called}";
        string[] calls = [.. found.Distinct().Order(StringComparer.Ordinal)];
        Assert.True(calls.Length == 0, string.Join(Environment.NewLine, calls));
    }

    [Fact]
    public void Such_a_call_is_found()
    {
        MethodBase[] calls = [.. CalledBy(typeof(NumberLifetimeTests).GetMethod(nameof(Sample), CompiledCode.Everything)!).Where(MakesNumber)];
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

    private static IEnumerable<MethodBase> CalledBy(MethodBase method) => CompiledCode.MembersIn(method).OfType<MethodBase>();
}
