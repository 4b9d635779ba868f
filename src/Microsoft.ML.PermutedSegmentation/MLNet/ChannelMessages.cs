using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Messages to listeners of <see cref="MLContext.Log"/>.</summary>
internal static class ChannelMessages
{
    /// <summary>Something worth knowing.</summary>
    public static void Say(this IChannel channel, string message) => channel.Info(message);

    /// <summary>Something that is most likely not meant.</summary>
    public static void Warn(this IChannel channel, string message) => channel.Warning(message);
}
