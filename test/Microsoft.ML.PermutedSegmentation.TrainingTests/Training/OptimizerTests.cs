using FluentAssertions;
using Microsoft.ML.PermutedSegmentation.Training;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Against TorchSharp's optimizers, bit for bit: they take the same steps, but for numbers that they lose.</summary>
public sealed class OptimizerTests
{
    private static readonly double[] Rates = [0.1, 0.05, 0.2, 0.01, 0.1, 0.003];

    [Theory]
    [InlineData(0.0005, 0.9)]
    [InlineData(0.01, 0)]
    [InlineData(0, 0.5)]
    public void Momentum_steps_are_TorchSharps(double weightDecay, double momentum) => TakeTheSameSteps(
        parameters => new MomentumOptimizer(parameters, weightDecay, momentum),
        parameters => optim.SGD(parameters, 1, momentum, weight_decay: weightDecay));

    [Theory]
    [InlineData(0.01, 0.9)]
    [InlineData(0, 0.8)]
    public void AdamW_steps_are_TorchSharps(double weightDecay, double meanDecay) => TakeTheSameSteps(
        parameters => new AdamWOptimizer(parameters, weightDecay, meanDecay),
        parameters => optim.AdamW(parameters, 1, beta1: meanDecay, weight_decay: weightDecay));

    [Fact]
    public void Without_weight_decay_AdamW_is_Adam() => TakeTheSameSteps(
        parameters => new AdamWOptimizer(parameters, 0, 0.9),
        parameters => optim.Adam(parameters, 1));

    [Fact]
    public void Parameters_without_a_gradient_stay()
    {
        using var scope = NewDisposeScope();
        (string, Parameter)[] parameters = [.. Draw(new Generator(1))];
        using var optimizer = new AdamWOptimizer(parameters, 0.1, 0.9);
        float[] before = [.. parameters[0].Item2.data<float>()];

        optimizer.Step(0.1);

        parameters[0].Item2.data<float>().Should().Equal(before);
        optimizer.Memory.Should().HaveCount(2 * parameters.Length);
    }

    private static void TakeTheSameSteps(Func<IReadOnlyList<(string, Parameter)>, NetworkOptimizer> ours, Func<IEnumerable<Parameter>, OptimizerHelper> theirs)
    {
        using var scope = NewDisposeScope();
        (string Name, Parameter Value)[] left = [.. Draw(new Generator(1))], right = [.. Draw(new Generator(1))];
        using NetworkOptimizer optimizer = ours(left);
        using OptimizerHelper reference = theirs(right.Select(parameter => parameter.Value));
        foreach (double rate in Rates)
        {
            optimizer.Clear();
            reference.zero_grad();
            foreach ((string, Parameter Value)[] parameters in new[] { left, right })
                parameters.Select(parameter => parameter.Value.square().sum().mul(parameter.Value.sin().sum())).Aggregate((sum, term) => sum.add(term)).backward();
            optimizer.Step(rate);
            foreach (var group in reference.ParamGroups)
                group.LearningRate = rate;
            reference.step();
            for (int i = 0; i < left.Length; i++)
                left[i].Value.bytes.ToArray().Should().Equal(right[i].Value.bytes.ToArray());
        }
    }

    private static IEnumerable<(string, Parameter)> Draw(Generator generator)
    {
        foreach (long[] shape in (long[][])[[7], [3, 5], [2, 3, 3, 3]])
            yield return ($"{shape.Length}", new Parameter(randn(shape, generator: generator)));
    }
}
