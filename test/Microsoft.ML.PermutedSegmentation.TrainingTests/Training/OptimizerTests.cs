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

    // More values than are changed at once, in parameters that end where they like.
    [Fact]
    public void Steps_of_a_large_parameter_are_TorchSharps()
    {
        using var scope = NewDisposeScope();
        Parameter[] ours = [new(ones(5)), new(linspace(-1, 1, 200_000)), new(zeros(3))], theirs = [.. ours.Select(parameter => new Parameter(parameter.detach().clone()))];
        using OptimizerHelper reference = optim.AdamW(theirs, 0.1, weight_decay: 0.1);
        using (var optimizer = new AdamWOptimizer([.. ours.Select((parameter, i) => ($"{i}", parameter))], 0.1, 0.9))
        {
            foreach (Parameter[] parameters in new[] { ours, theirs })
                parameters.Select(parameter => parameter.square().sum()).Aggregate((sum, term) => sum.add(term)).backward();
            optimizer.Step(0.1);
            reference.step();
        }
        // Afterwards they are as they were made: each in memory of its own, without a gradient.
        for (int i = 0; i < ours.Length; i++)
        {
            ours[i].bytes.ToArray().Should().Equal(theirs[i].bytes.ToArray());
            ours[i].storage_offset().Should().Be(0);
            (ours[i].grad is null).Should().BeTrue();
        }
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
