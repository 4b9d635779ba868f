using System.CommandLine;
using System.CommandLine.Help;

namespace Workbench.Commands;

/// <summary>The command line as a whole.</summary>
internal static class AllCommands
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Semantic segmentation with models that are useless without their secret key.")
        {
            KeygenCommand.Create(),
            DataCommand.Create(),
            TrainCommand.Create(),
            EvaluateCommand.Create(),
            PredictCommand.Create(),
            ProtectCommand.Create(),
            UnprotectCommand.Create(),
            RekeyCommand.Create(),
            InspectCommand.Create(),
            ImportCommand.Create(),
            ExportWeightsCommand.Create(),
            ExportOnnxCommand.Create(),
            TablesCommand.Create(),
            AttackCommand.Create(),
        };
        foreach (var help in root.Options.OfType<HelpOption>())
            help.Action = new DetailedHelp((HelpAction)help.Action!);
        return root;
    }
}
