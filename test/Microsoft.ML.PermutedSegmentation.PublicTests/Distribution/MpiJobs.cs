using System.Diagnostics;
using PublicTests.Documentation;

namespace PublicTests.Distribution;

/// <summary>A small data set and a key, and trainings by several processes that Open MPI starts and connects.</summary>
internal sealed class MpiJobs : IDisposable
{
    public static readonly string[] Workbench = ["dotnet", Path.Combine(AppContext.BaseDirectory, "permseg.dll")];

    public MpiJobs()
    {
        QuickStart.ShapesDataset.Create(Folder.At("data"), trainCount: 24, validationCount: 5, size: 32);
        PermutationKey.Generate().Save(Folder.At("key.pem"));
    }

    public TempFolder Folder { get; } = new();

    public void Dispose() => Folder.Dispose();

    /// <summary>What the console app is told to train a model.</summary>
    public string[] Arguments(string model, string[] more) =>
    [
        "train", "--data", Folder.At("data"), "--key", Folder.At("key.pem"), "--out", Folder.At(model), "--seed", "1", "--from-scratch", "--size", "32x32", "--batch-size", "6",
        "--set", "optimizer=Sgd", "--set", "learningRate=0.01", "--set", "weightAveraging=0", "--set", "warmupSteps=0", .. more,
    ];

    /// <summary>Starts the console app as so many processes.</summary>
    public static Process Start(int size, string[] arguments) =>
        Start(MpiFactAttribute.Launcher, ["--allow-run-as-root", "--oversubscribe", "-np", $"{size}", .. Workbench, .. arguments]);

    /// <summary>Starts a program.</summary>
    public static Process Start(string command, string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["CUDA_VISIBLE_DEVICES"] = "" },
        };
        return Process.Start(start)!;
    }

    /// <summary>What a program has said when it has ended.</summary>
    public static (int ExitCode, string Text) End(Process process)
    {
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
                process.Kill(entireProcessTree: true);
            process.WaitForExit();
            return (process.ExitCode, error.Result + output.Result);
        }
    }
}
