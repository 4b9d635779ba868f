using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Distribution;
using Workbench.Files;
using Workbench.Report;

namespace Workbench.Commands;

/// <summary><c>attack</c>: measures what a stolen model is worth to someone who has labelled images.</summary>
internal static class AttackCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var key = CommonOptions.RequiredKey("--key", "The model's key file: partly right keys are made from it, and it unlocks the copy that OracleDistillation asks. No other attack uses it.");
        var data = new DataOptions();
        var attackerList = new Option<string>("--attacker-list") { HelpName = "NAME", Description = "The images that the attacker has: a list of the data set.", Required = true };
        var testList = new Option<string>("--test-list") { HelpName = "NAME", Description = "The images to evaluate the attacked models on.", Required = true };
        var images = new Option<int[]>("--images") { HelpName = "1,5,...", Description = "The numbers of labelled images that each training is tried with. [default: 1,5,10,50 and all]", CustomParser = ParseCounts };
        var queries = new Option<int[]>("--queries") { HelpName = "1000,...", Description = $"The numbers of masks that OracleDistillation asks an unlocked copy for. [default: {string.Join(',', new AttackOptions().OracleQueries)}]", CustomParser = ParseCounts };
        var steps = CommonOptions.Count("--steps", "Steps of each training; more where images would be seen less often than --epochs.", new AttackOptions().Steps);
        var epochs = CommonOptions.Count("--epochs", "How often a training sees each image, at least.", new AttackOptions().LeastEpochs);
        var methods = new Option<AttackMethod[]>("--methods")
        {
            HelpName = "NAME,...",
            Description = $"What to try: {string.Join(", ", Enum.GetNames<AttackMethod>())}. [default: all]",
            CustomParser = ParseMethods,
        };
        var publicWeights = new PathOption("--public-weights", FileRole.Input) { HelpName = "x.zip|x.safetensors|x.pth", Description = "Weights that the model is known to have been trained from, for PublicWeights and what follows from it." };
        var pretrained = new Option<bool>("--pretrained") { Description = "Likewise, those of a resnet18 that were trained on ImageNet." };
        var seed = CommonOptions.Seed();
        var json = new PathOption("--json", FileRole.Output) { HelpName = "out.json", Description = "Also writes the results to this file, as JSON." };
        var plot = new PathOption("--plot", FileRole.Output) { HelpName = "out.svg", Description = "Also draws mean IoU against the number of labelled images." };

        var command = new DetailedCommand("attack", "Measures what a stolen model is worth to an attacker with labelled images but no key.", """
            Runs it without a key and with partly right ones, searches for the permutations in several ways, trains the protected layers or all
            of them again, and trains the same network from nothing on the same images: a stolen model is worthless if it helps no more
            than that.

            Example:
              permseg attack --model model.zip --key key.pem --data camvid --attacker-list train --test-list val
            """)
        { model, key, attackerList, testList, images, queries, steps, epochs, methods, publicWeights, pretrained, seed, json, plot, new OverwriteOption() };
        data.AddTo(command);
        command.Forbid(publicWeights, with: pretrained);

        command.DoesTogether(Job.Option(), (result, outputs, cancellationToken) =>
        {
            // The attacks of all processes use the same images.
            var mlContext = new MLContext(Job.Seed(result.GetValue(seed))).WithWarnings();
            var modelPath = result.GetRequiredValue(model);
            var stolen = mlContext.LoadModelFile(modelPath, out _);
            using var secret = Steps.LoadKey(result.GetRequiredValue(key));
            using var folder = data.Open(result);
            IDataView Load(Option<string> list) => mlContext.LoadMasks(folder.Load(mlContext, result.GetRequiredValue(list)), folder);
            var options = new AttackOptions { Steps = result.GetValue(steps), LeastEpochs = result.GetValue(epochs), Progress = new Lines(), CancellationToken = cancellationToken };
            if (result.GetValue(images) is { Length: > 0 } counts)
                options.ImageCounts = counts;
            if (result.GetValue(queries) is { Length: > 0 } asked)
                options.OracleQueries = asked;
            if (result.GetValue(methods) is { Length: > 0 } chosen)
                options.Methods = chosen;
            using var known = result.GetValue(publicWeights) is { } file ? Steps.LoadInitialWeights(file) : result.GetValue(pretrained) ? PretrainedBackbone.ResNet18() : null;
            options.PublicWeights = known;
            options.Methods = Job.ShareOf(options.Methods);

            Console.WriteLine($"{"attack",-32} {"images",6} {"misplaced",9} {"mean IoU",8} {"per image",9} {"pixels",6} {"seconds",7}");
            AttackResult[] own = options.Methods.Count == 0 ? []
                : [.. Steps.Naming(modelPath, () => mlContext.Segmentation().EvaluateAttacks(stolen.Reading(folder.Orientation, mlContext), Load(attackerList), Load(testList), secret, options))];
            var results = Together(own);
            if (Job.Group is { Rank: > 0 })
                return 0;
            if (result.GetValue(json) is { } path)
                outputs.Write(path, temporary => MetricsJson.Write(results, temporary));
            if (result.GetValue(plot) is { } picture)
                outputs.Write(picture, temporary => AttackChart.Write(temporary, results));
            return 0;
        });
        return command;
    }

    // In the order in which one process would have them; those of the others are shown now.
    private static AttackResult[] Together(AttackResult[] own)
    {
        if (Job.Group is null)
            return own;
        AttackResult[][] all = [.. Job.Gather(MetricsJson.ToText(own)).Select(MetricsJson.FromText<AttackResult[]>)];
        foreach (var result in all.Skip(1).SelectMany(results => results))
            new Lines().Report(result);
        return [.. all.SelectMany(results => results).OrderBy(result => result.Method is AttackMethod.OracleDistillation).ThenBy(result => result.LabelledImages).ThenBy(result => result.Method)];
    }

    private static int[] ParseCounts(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var counts = text.Split(',').Select(part => int.TryParse(part, CultureInfo.InvariantCulture, out var count) ? count : 0).Distinct().Order().ToArray();
        if (counts[0] >= 1)
            return counts;
        result.AddError($"'{text}' is not a value for {result.Argument.Name}; write numbers of at least 1, such as 10 or 1,10,100.");
        return [];
    }

    private static AttackMethod[] ParseMethods(ArgumentResult result)
    {
        var methods = new List<AttackMethod>();
        foreach (var name in result.Tokens[0].Value.Split(','))
        {
            if (Enum.TryParse<AttackMethod>(name, ignoreCase: true, out var method) && Enum.IsDefined(method))
                methods.Add(method);
            else
                result.AddError($"'{name}' is not an attack; the attacks are {string.Join(", ", Enum.GetNames<AttackMethod>())}.");
        }
        return [.. methods];
    }

    // A line as soon as there is a result; Progress<T> would print from other threads.
    private sealed class Lines : IProgress<AttackResult>
    {
        public void Report(AttackResult result) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.Method,-32} {result.LabelledImages,6} {(double.IsNaN(result.MisplacedShare) ? "" : result.MisplacedShare.ToString("P0", CultureInfo.InvariantCulture)),9} {result.MeanIntersectionOverUnion,8:F4} {result.MeanImageIntersectionOverUnion,9:F4} {result.PixelAccuracy,6:F3} {result.Seconds,7:F1}"));
    }
}
