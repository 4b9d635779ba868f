using System.Security.Cryptography;
using System.Text;

namespace SegmentationService.Security;

/// <summary>What callers must send, if anything.</summary>
internal sealed class ApiKey(ServiceSettings settings)
{
    private const string Header = "X-Api-Key", Scheme = "Bearer ";

    // Digests have one length: comparing them takes the same time whatever is sent.
    private readonly byte[]? _expected = string.IsNullOrEmpty(settings.ApiKey) ? null : DigestOf(settings.ApiKey);

    /// <summary>Whether a request has it, or none is needed.</summary>
    public bool IsSentBy(HttpRequest request)
    {
        if (_expected is null)
            return true;
        string? sent = request.Headers[Header].FirstOrDefault();
        if (sent is null && request.Headers.Authorization.FirstOrDefault() is { } authorization && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            sent = authorization[Scheme.Length..];
        return sent is not null && CryptographicOperations.FixedTimeEquals(DigestOf(sent), _expected);
    }

    private static byte[] DigestOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
