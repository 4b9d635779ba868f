using System.CommandLine;
using System.Globalization;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;
using Workbench.Inspection;

namespace Workbench.Commands;

/// <summary><c>inspect</c>: shows what a model file says without a key.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var json = new PathOption("--json", FileRole.Output) { HelpName = "out.json", Description = "Also writes all of it to this file, as JSON." };
        var command = new DetailedCommand("inspect", "Shows everything that a model file says without a key.", """
            Salt and fingerprint are not secret. The folders that a step reads from may reveal whose
            computer the model comes from.

            Example:
              permseg inspect --model model.zip
              permseg inspect --model model.onnx
            """)
        { model, json, new OverwriteOption() };

        command.Does((result, outputs, _) =>
        {
            var path = result.GetRequiredValue(model);
            if (SegmentationFile.KindOf(path) == SegmentationFileKind.Onnx)
            {
                var protection = OnnxProtection.Describe(path);
                Show(DescribeOnnx(protection), protection);
                return;
            }
            var report = ModelReport.Read(path);
            Show([.. DescribeModel(report), "", .. DescribeFile(report.File)], report);

            void Show(IEnumerable<string> lines, object report)
            {
                foreach (var line in lines)
                    // A stranger's file must not be able to steer the terminal.
                    Console.WriteLine(string.Concat(line.Select(c => char.IsControl(c) ? '?' : c)));
                if (result.GetValue(json) is { } path)
                    outputs.Write(path, temporary => MetricsJson.Write(report, temporary));
            }
        });
        return command;
    }

    private static IEnumerable<string> DescribeOnnx(OnnxProtectionInfo protection)
    {
        yield return $"Written by   {(protection.IsExport ? "this library: OnnxSegmenter runs it" : "another program")}";
        yield return $"Key          {protection switch
        {
            { IsProtected: false, IsExport: true } => "none: the network is not protected",
            { IsProtected: false } => $"none; the input channels of {protection.Layers.Count} layers can be permuted",
            { IsSealed: true } => "needed for the weights, which are sealed",
            { IsExport: true } => "needed for the feature maps that have inputs permutation_1 to permutation_6",
            _ => $"needed for the input channels of {protection.Layers.Count} layers",
        }}";
        if (protection.IsQuantized)
            yield return $"{(protection.IsExport ? "Weights" : "Tensors")}      of 8 bits (int8)";
        if (protection.IsProtected)
        {
            yield return $"Salt         {protection.Salt}";
            yield return $"Fingerprint  {protection.Fingerprint ?? "not stored"}";
        }
        foreach (var layer in protection.Layers)
            yield return $"Layer        {layer}";
    }

    private static IEnumerable<string> DescribeModel(ModelReport report)
    {
        var network = report.Network;
        yield return $"Network      {network.Network} of {network.Backbone}, output stride {network.OutputStride}, {network.ParameterCount:N0} parameters";
        yield return $"Images       {network.ImageHeight}x{network.ImageWidth} (height x width), column {network.ImageColumn}";
        if (network is not { ScoringMode: ScoringMode.Resize, Flip: false, Scales: [1] })
            yield return $"Scoring      {network.ScoringMode}{(network.Flip ? ", also mirrored" : "")}, at scale {string.Join(", ", network.Scales.Select(scale => scale.ToString(CultureInfo.InvariantCulture)))}";
        yield return $"Classes      {network.ClassNames.Count}: {string.Join(", ", network.ClassNames)}";
        yield return $"Predictions  columns {network.PredictedLabelColumn} and {network.ScoreColumn}";
        yield return $"Key          {DescribeKey(report)}";
        if (report.Protection is { } protection)
        {
            yield return $"Salt         {protection.Salt}";
            yield return $"Fingerprint  {protection.Fingerprint ?? "not stored"}";
        }
        yield return $"Made for     {string.Join(", ", report.InputColumns.Select(column => $"{column.Name} ({column.Type})"))}";
        for (var i = 0; i < report.Steps.Count; i++)
            yield return $"{$"Step {i + 1}",-12} {DescribeStep(report.Steps[i])}";
    }

    private static string DescribeKey(ModelReport report) => report.Protection switch
    {
        null when report.Steps.FirstOrDefault(step => step.ImageEncryption is not null) is { ImageEncryption: { } before } => $"needed to encrypt images before the network: {Describe(before)}",
        null => "none: the network is not protected",
        { ImageEncryption: { } encryption } => $"needed to encrypt images: {Describe(encryption)}",
        { FeatureMaps: [] } => "needed for the weights, which are sealed",
        { } protection => $"needed for {(protection.IsSealed ? "the weights, which are sealed, and " : "")}feature maps {string.Join(", ", protection.FeatureMaps.Select(map => $"{map.Number} ({map.Name}, {map.Channels} channels)"))}",
    };

    private static string DescribeStep(StepReport step)
    {
        var folder = step.Folder is null ? "" : $", from the folder '{step.Folder}'";
        var encryption = step.ImageEncryption is null ? "" : $", {Describe(step.ImageEncryption)}, salt {step.Salt}, fingerprint {step.Fingerprint ?? "not stored"}";
        return step.Name + folder + encryption;
    }

    private static string Describe(ImageEncryption encryption) => $"{encryption.Method}, blocks of {encryption.BlockSize}x{encryption.BlockSize}";

    private static IEnumerable<string> DescribeFile(FileReport file)
    {
        yield return $"{file.Path} has {file.Bytes:N0} bytes; its entries, unpacked:";
        foreach (var entry in file.Entries)
            yield return $"{entry.Bytes,15:N0}  {entry.Name}";
        var parts = file.Network;
        yield return $"{parts.Name} is a head with the description ({parts.Head:N0}), weights ({parts.Weights:N0}) and a checksum ({parts.Checksum}), which is right: "
            + (parts.Unexplained == 0 ? "these are all of its bytes." : $"{parts.Unexplained:N0} bytes are something else.");
        if (parts.IsOld)
            yield return "An older version of the library wrote this file. Saved again it has today's format, so not all entries can be compared.";
        if (file.HoldsNothingElse)
            yield return "Writing the loaded model again gives the same entries, byte for byte: there is nothing else in the file.";
        foreach (var entry in file.Entries.Where(entry => !entry.IsExplained && !parts.IsOld))
            yield return $"NOT EXPLAINED: {entry.Name} is not what writing the loaded model again gives.";
        if (file.UnexplainedBytes != 0)
            yield return $"NOT EXPLAINED: {file.UnexplainedBytes:N0} bytes of the file are outside its entries.";
    }
}
