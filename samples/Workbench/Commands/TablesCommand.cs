using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Distribution;
using Workbench.Files;
using Workbench.Tables;

namespace Workbench.Commands;

/// <summary><c>tables</c>: makes the paper's Tables I and II anew.</summary>
internal static class TablesCommand
{
    // No file has it, so that --resume tells the two apart.
    private const string PretrainedName = "ImageNet (Microsoft.ML.DnnImageFeaturizer.ResNet18)";

    public static Command Create()
    {
        var data = new DataOptions();
        var trainList = new Option<string>("--train-list") { HelpName = "NAME", Description = "The images to train on; a tenth of them is held out to choose the best epoch.", Required = true };
        var testList = new Option<string>("--test-list") { HelpName = "NAME", Description = "The images to evaluate the models on.", Required = true };
        var preset = new Option<string>("--preset") { HelpName = string.Join('|', TablesPreset.All.Select(settings => settings.Preset)), Description = "The network and its training: as in the paper, small enough for a computer without a GPU, or just enough to see that everything works.", Required = true };
        preset.AcceptOnlyFromAmong(preset.HelpName.Split('|'));
        var output = new PathOption("--out", FileRole.OutputFolder) { HelpName = "DIR", Description = "The folder of the results; made when missing.", Required = true };
        var resume = new Option<bool>("--resume") { Description = "Continues with the results in the folder: finished models are kept." };
        var literal = new Option<bool>("--literal") { Description = "Trains each model of Table I separately, as the paper does. Otherwise the baseline is trained once and protected afterwards, which is exact." };
        var initialWeights = CommonOptions.InitialWeights("Weights that all trainings start from, of an unprotected model or from PyTorch; with --literal, permuted models read them through their permutation.");
        var pretrained = new Option<bool>("--pretrained") { Description = "Likewise, with weights of a resnet18 that were trained on ImageNet." };
        var tables = new Option<string>("--tables") { HelpName = "I|II|both", Description = "Which tables to make.", DefaultValueFactory = _ => "both" };
        tables.AcceptOnlyFromAmong(tables.HelpName.Split('|'));
        var blockSizes = new Option<int[]>("--block-sizes") { HelpName = "2,4,...", Description = $"The block sizes of Table II. [default: {string.Join(',', PaperResults.BlockSizes)}]", CustomParser = ParseBlockSizes };
        var wrongKeys = CommonOptions.OptionalCount("--wrong-keys", "Evaluates each model with N wrong keys. [default: the preset's]");
        var seed = CommonOptions.Seed();
        seed.Description = "Random numbers and keys follow from it, apart from each model's salt. [default: 1]";

        var command = new DetailedCommand("tables", "Trains and evaluates all models of the paper's Tables I and II.", """
            Writes to DIR: report.html, table-1 and table-2 as .md and .csv, tables.json, and the models.
            The key follows from the seed. These models are for measuring, not for protecting anything.

            Example:
              permseg tables --data camvid --train-list train --test-list val --preset small --out results
            """)
        { trainList, testList, preset, output, resume, literal, initialWeights, pretrained, tables, blockSizes, wrongKeys, seed };
        data.AddTo(command);
        command.Forbid(initialWeights, with: pretrained);

        command.DoesTogether(Job.Option(), (result, outputs, cancellationToken) =>
        {
            var chosen = TablesPreset.All.Single(settings => settings.Preset == result.GetRequiredValue(preset));
            var weightsFile = result.GetValue(initialWeights);
            var settings = chosen with
            {
                WrongKeys = result.GetValue(wrongKeys) ?? chosen.WrongKeys,
                Seed = result.GetValue(seed) ?? chosen.Seed,
                IsLiteral = result.GetValue(literal),
                InitialWeights = result.GetValue(pretrained) ? PretrainedName : Path.GetFileName(weightsFile),
            };
            var sizes = result.GetValue(blockSizes) is { Length: > 0 } given ? given : PaperResults.BlockSizes;
            List<ModelPlan> plans =
            [
                .. result.GetRequiredValue(tables) == "II" ? [] : ModelPlan.TableI(settings.IsLiteral),
                .. result.GetRequiredValue(tables) == "I" ? [] : ModelPlan.TableII(sizes, settings),
            ];
            var isFirst = Job.Group is null or { Rank: 0 };
            if (isFirst)
                ResultFolder.Check(result.GetRequiredValue(output), plans, outputs, output.Name);
            using var folderOfData = data.Open(result);
            var images = TablesData.Of(folderOfData, data.HowRead(result), result.GetRequiredValue(trainList), result.GetRequiredValue(testList));
            using var weights = result.GetValue(pretrained) ? PretrainedBackbone.ResNet18() : weightsFile is null ? null : Steps.LoadInitialWeights(weightsFile);
            if (weights is not null && weights.Backbone != settings.Backbone)
                throw new InvalidDataException($"The initial weights are of {weights.Backbone}, but the preset {settings.Preset} has {settings.Backbone}.");
            var digest = weightsFile is null ? null : DigestOf(weightsFile);
            ResultFolder Open(bool goOn) => ResultFolder.Open(result.GetRequiredValue(output), new RunIdentity(settings, images.Summary, images.ListsDigest, digest), goOn);
            var opened = isFirst ? Open(result.GetValue(resume)) : null;
            Job.Wait();
            // The first process has made it.
            var folder = opened ?? Open(goOn: true);

            var run = new TablesRun(settings, images, folder, weights, cancellationToken);
            run.Make(plans);
            if (!isFirst)
                return 0;
            run.WriteTables();
            run.WriteReport();
            Console.WriteLine($"Wrote the tables and the report to {result.GetRequiredValue(output)}.");
            return 0;
        });
        return command;
    }

    private static string DigestOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static int[] ParseBlockSizes(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var sizes = text.Split(',').Select(part => int.TryParse(part, CultureInfo.InvariantCulture, out var size) ? size : 0).Distinct().Order().ToArray();
        if (sizes[0] >= 2)
            return sizes;
        result.AddError($"'{text}' names no block sizes; write numbers of at least 2, such as 4 or 2,4,8.");
        return [];
    }
}
