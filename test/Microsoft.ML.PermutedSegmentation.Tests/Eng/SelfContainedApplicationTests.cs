using System.Diagnostics;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// What the command line wants an application to be, it says to the build's own tool, too. The SDK's checks alone are run, on what is there:
/// they are what such a build fails with, and a whole one takes minutes and downloads .NET.
/// </summary>
public sealed class SelfContainedApplicationTests
{
    private static readonly string Repository = FindRepository(AppContext.BaseDirectory);

    [Theory]
    [InlineData("SelfContained")]
    [InlineData("PublishTrimmed")]
    [InlineData("PublishSingleFile")]
    public void The_builds_own_tool_stays_what_it_is(string property) =>
        Check("eng/BuildTool/BuildTool.csproj", "_CheckForUnsupportedAppHostUsage", "-p:RuntimeIdentifier=linux-x64", $"-p:{property}=true", "-p:_IsPublishing=true");

    [Fact]
    public void A_self_contained_application_may_have_it_built() =>
        Check("samples/Workbench/Workbench.csproj", "ValidateExecutableReferences", "-p:RuntimeIdentifier=linux-x64", "-p:SelfContained=true");

    private static void Check(string project, string target, params string[] properties)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", Path.Combine(Repository, project), $"-t:{target}", "-nologo", "-v:q", "-nodeReuse:false", .. properties])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output + error.Result);
    }

    private static string FindRepository(string folder) =>
        File.Exists(Path.Combine(folder, "PermutedSegmentation.sln")) ? folder : FindRepository(Path.GetDirectoryName(folder.TrimEnd(Path.DirectorySeparatorChar))!);
}
