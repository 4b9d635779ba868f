using System.CommandLine;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>protect</c>: protects a trained model with a key.</summary>
internal static class ProtectCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var key = CommonOptions.RequiredKey("--key", "The key file that the model will need from now on (see keygen).");
        var featureMaps = CommonOptions.FeatureMaps(standard: "all");
        var seal = CommonOptions.Seal();
        var output = CommonOptions.ModelOutput();

        var command = new DetailedCommand("protect", "Protects a trained model with a key, without any training.", """
            With the key the model computes the same as before, to the last bit. ONNX models, from wherever,
            are protected as well: the input channels of their layers are permuted, or all is sealed.

            Example:
              permseg protect --model plain.zip --key key.pem --out model.zip
              permseg protect --model unet.onnx --key key.pem --seal --out unet.sealed.onnx
            """)
        { model, key, featureMaps, seal, output, new OverwriteOption() };

        command.Does((result, outputs, _) =>
        {
            var (from, to) = (result.GetRequiredValue(model), result.GetRequiredValue(output));
            using var secret = Steps.LoadKey(result.GetRequiredValue(key));
            var (maps, isSealed) = (result.GetValue(featureMaps), result.GetValue(seal));
            Steps.ChangeModel(
                from, to, outputs,
                (segmentation, plain) => segmentation.Protect(plain, secret, new ProtectionOptions { FeatureMaps = maps ?? FeatureMaps.All, Seal = isSealed }),
                (input, output, overwrite) => OnnxProtection.Protect(input, output, secret,
                    maps is null ? new OnnxProtectionOptions { Seal = isSealed } : throw new InvalidDataException($"{featureMaps.Name} is for models of ML.NET; '{input}' is an ONNX model, whose layers are all permuted."),
                    overwrite));
            Console.WriteLine($"Wrote the protected model to {to}.");
            var isPermuted = SegmentationFile.KindOf(from) == SegmentationFileKind.Onnx && OnnxProtection.Describe(from).IsProtected;
            Steps.Warn($"'{from}' is {(isPermuted ? "not sealed, as before" : "the unprotected model as before")}; keep it away from anyone who must not have it.");
        });
        return command;
    }
}
