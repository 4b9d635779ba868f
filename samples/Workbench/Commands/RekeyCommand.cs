using System.CommandLine;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>rekey</c>: gives a protected model another key.</summary>
internal static class RekeyCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var oldKey = CommonOptions.RequiredKey("--key", "The model's key file; any other is refused.");
        var newKey = CommonOptions.RequiredKey("--new-key", "The key file that the model will need from now on (see keygen).");
        var output = CommonOptions.ModelOutput();

        var command = new DetailedCommand("rekey", "Gives a protected model another key.", """
            The same feature maps, or layers of an ONNX model, are protected. Copies of the old file still open with the old key.

            Example:
              permseg rekey --model model.zip --key old.pem --new-key new.pem --out rekeyed.zip
            """)
        { model, oldKey, newKey, output, new OverwriteOption() };

        command.Does((result, outputs, _) =>
        {
            var to = result.GetRequiredValue(output);
            using var current = Steps.LoadKey(result.GetRequiredValue(oldKey));
            using var next = Steps.LoadKey(result.GetRequiredValue(newKey));
            Steps.ChangeModel(result.GetRequiredValue(model), to, outputs,
                (segmentation, locked) => segmentation.Rekey(locked, current, next),
                (input, output, overwrite) => OnnxProtection.Rekey(input, output, current, next, overwrite));
            Console.WriteLine($"Wrote the model to {to}; it opens with the new key only. Other copies of the old file still open with the old one.");
        });
        return command;
    }
}
