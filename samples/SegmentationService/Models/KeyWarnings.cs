using System.Collections.Concurrent;

namespace SegmentationService.Models;

/// <summary>Says once what is wrong with a key file, which is read every few seconds.</summary>
internal sealed class KeyWarnings(ILogger<KeyWarnings> logger)
{
    private readonly ConcurrentDictionary<string, bool> _said = [];

    public void Say(string warning)
    {
        if (_said.TryAdd(warning, true))
            logger.LogWarning("{Warning}", warning);
    }
}
