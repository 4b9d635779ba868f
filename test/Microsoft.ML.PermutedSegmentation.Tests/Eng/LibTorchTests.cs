using FluentAssertions;
using Microsoft.ML.PermutedSegmentation.Tensors;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What an application is told that does not bring libtorch. That it is told, eng/try-packages.sh shows.</summary>
public sealed class LibTorchTests
{
    [Fact]
    public void It_is_told_which_package_to_add() => LibTorch.Advice("win-arm64", "2.10.0").Should()
        .Be("libtorch is missing: add the package libtorch-cpu-win-arm64, version 2.10.0, to the application's project.");

    [Fact]
    public void Or_that_there_is_none_for_its_system() => LibTorch.Advice("linux-arm64", "2.10.0").Should()
        .Be("libtorch is missing, and there is no package of it for linux-arm64, only for linux-x64, win-x64, win-arm64, osx-arm64.");

    [Fact]
    public void Nothing_is_said_where_it_is_there() => FluentActions.Invoking(LibTorch.Require).Should().NotThrow();
}
