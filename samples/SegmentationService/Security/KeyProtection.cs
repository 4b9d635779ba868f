using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.ML.PermutedSegmentation;

namespace SegmentationService.Security;

/// <summary>Key files that only this application opens, as this user on this machine: <c>protect-key key.pem key.protected</c> makes one.</summary>
internal static class KeyProtection
{
    public const string Command = "protect-key";

    // By default it is the folder of the program, and a new version elsewhere would be another application.
    private const string Application = "SegmentationService";

    public static void AddKeyProtection(this IServiceCollection services) => services.AddDataProtection().SetApplicationName(Application);

    /// <exception cref="IOException">There is no key, or the other file exists already.</exception>
    /// <exception cref="FormatException">It is no key.</exception>
    public static int Protect(string plain, string @protected)
    {
        using var key = PermutationKey.Load(plain);
        key.SaveProtected(@protected, Create());
        try
        {
            // As the service will: without a folder to keep its key ring in, Data Protection forgets it.
            Create().LoadPermutationKey(@protected).Dispose();
        }
        catch (CryptographicException)
        {
            File.Delete(@protected);
            throw new InvalidOperationException("Data Protection has no folder to keep its key ring in: set HOME to one that this user may write to.");
        }
        Console.WriteLine($"'{@protected}' opens for this user on this machine. Set Segmentation:ProtectedKeyPath to it, and keep '{plain}' elsewhere.");
        return 0;
    }

    private static IDataProtectionProvider Create()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddKeyProtection();
        return services.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>();
    }
}
