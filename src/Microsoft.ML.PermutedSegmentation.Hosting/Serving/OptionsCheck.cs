using Microsoft.Extensions.Options;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>Refuses options that cannot be meant when the application starts.</summary>
internal sealed class OptionsCheck : IValidateOptions<SegmentationOptions>
{
    public ValidateOptionsResult Validate(string? name, SegmentationOptions options) =>
        options.FindProblem() is { } problem ? ValidateOptionsResult.Fail(problem) : ValidateOptionsResult.Success;
}
