using System.CommandLine;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>unprotect</c>: undoes the protection of a model.</summary>
internal static class UnprotectCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var key = CommonOptions.RequiredKey("--key", "The model's key file; any other is refused.");
        var output = CommonOptions.ModelOutput();

        var command = new DetailedCommand("unprotect", "Removes the protection of a model, which then needs no key.", """
            Example:
              permseg unprotect --model model.zip --key key.pem --out plain.zip
            """)
        { model, key, output, new OverwriteOption() };

        command.Does((result, outputs, _) =>
        {
            var to = result.GetRequiredValue(output);
            using var secret = Steps.LoadKey(result.GetRequiredValue(key));
            Steps.ChangeModel(result.GetRequiredValue(model), to, outputs,
                (segmentation, locked) => segmentation.Unprotect(locked, secret),
                (input, output, overwrite) => OnnxProtection.Unprotect(input, output, secret, overwrite));
            Console.WriteLine($"Wrote the unprotected model to {to}. Anyone who has the file can use it.");
        });
        return command;
    }
}
