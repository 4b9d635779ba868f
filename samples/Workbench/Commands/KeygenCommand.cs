using System.CommandLine;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>keygen</c>: makes a key file.</summary>
internal static class KeygenCommand
{
    public static Command Create()
    {
        var output = new PathOption("--out", FileRole.Output)
        {
            HelpName = "key.pem",
            Description = "The key file to make. Only you can read it; an existing file is never overwritten.",
            Required = true,
        };
        var command = new DetailedCommand("keygen", "Makes a new secret key and writes it to a file.", """
            Anyone who has the key can use the models trained with it; if it is lost, they are lost too.
            Keep the file apart from the models.
            """)
        { output };

        command.Does((result, _, _) =>
        {
            var path = result.GetRequiredValue(output);
            using var key = PermutationKey.Generate();
            key.Save(path);
            Console.WriteLine($"Wrote a new key to {path}. Keep it secret, and keep a copy: its models are useless without it.");
        });
        return command;
    }
}
