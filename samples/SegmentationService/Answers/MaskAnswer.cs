using System.Text.Json.Serialization;

namespace SegmentationService;

/// <summary>A class of the model.</summary>
internal sealed record ClassAnswer(int Index, string Name, string Color);

/// <summary>A class in a mask.</summary>
internal sealed record ClassShare(int Index, string Name, string Color, int Pixels, double Share);

/// <summary>A mask in words: the classes that it has, largest first.</summary>
internal sealed record MaskAnswer(int Height, int Width, IReadOnlyList<ClassShare> Classes);

/// <summary>What the service takes.</summary>
internal sealed record LimitsAnswer(long Bytes, long Pixels);

/// <summary>The served model; what is not known of its kind of file is null.</summary>
internal sealed record ModelAnswer(
    string File, string? Network, string? Backbone, int ImageHeight, int ImageWidth, bool IsProtected, bool? IsSealed, IReadOnlyList<int> FeatureMaps,
    IReadOnlyList<ClassAnswer> Classes, string VoidColor, bool Demo, LimitsAnswer Limits, DateTimeOffset LoadedAt);

/// <summary>How answers are written.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(MaskAnswer))]
[JsonSerializable(typeof(ModelAnswer))]
[JsonSerializable(typeof(Microsoft.AspNetCore.Mvc.ProblemDetails))]
[JsonSerializable(typeof(string))]
internal sealed partial class AnswerJson : JsonSerializerContext;
