using System.Diagnostics;
using Microsoft.ML.Data;
using PublicTests.Documentation;

namespace PublicTests.Distribution;

/// <summary>The console app as several processes that Open MPI starts and connects.</summary>
public sealed class MpiTests : IDisposable
{
    private static readonly string[] Workbench = ["dotnet", Path.Combine(AppContext.BaseDirectory, "permseg.dll")];

    private readonly TempFolder _folder = new();

    public MpiTests()
    {
        QuickStart.ShapesDataset.Create(_folder.At("data"), trainCount: 24, validationCount: 5, size: 32);
        PermutationKey.Generate().Save(_folder.At("key.pem"));
    }

    public void Dispose() => _folder.Dispose();

    [MpiFact]
    public void Two_and_three_processes_train_what_one_trains()
    {
        Train(1, "one.zip");
        double[] alone = Scores("one.zip");
        foreach (int size in (int[])[2, 3])
        {
            string said = Train(size, $"{size}.zip");
            Assert.Contains("Wrote the protected model", said);
            // Only the first process speaks.
            Assert.Single(said.Split('\n'), line => line.StartsWith("epoch   2/2", StringComparison.Ordinal));
            double[] shared = Scores($"{size}.zip");
            Assert.InRange(alone.Zip(shared, (one, other) => Math.Abs(one - other)).Max(), 0, 0.02);
        }
    }

    // Each a network namespace with a name of its own; they see each other through a virtual cable only. The same number of processes gives the same bits.
    [TwoHostsFact]
    public void Two_hosts_train_what_two_processes_of_one_train()
    {
        Assert.Equal(Train("one.zip", MpiFactAttribute.Launcher, "--allow-run-as-root", "--oversubscribe", "-np", "2"), Train("two.zip", Repository.At("eng/two-hosts.sh")));

        double[] Train(string model, params string[] launcher)
        {
            // With one thread sums are in the same order, however processes are bound to cores.
            (int exitCode, string text) = End(Start("env", ["OMP_NUM_THREADS=1", .. launcher, .. Workbench, .. Arguments(model, ["--epochs", "1"])]));
            Assert.True(exitCode == 0, text);
            return Scores(model);
        }
    }

    [MpiFact]
    public void Two_processes_predict_and_evaluate_what_one_does()
    {
        Train(1, "model.zip");
        string[] predict = ["predict", "--model", _folder.At("model.zip"), "--key", _folder.At("key.pem"), "--images", _folder.At("data/JPEGImages"), "--out"];
        (_, string alone) = WorkbenchProcess.Run([.. predict, _folder.At("alone")]);
        Assert.Contains("Wrote 29 masks", alone);
        // What is there of an earlier run is left alone.
        (_, string part) = WorkbenchProcess.Run([.. predict, _folder.At("shared"), "--shard", "2/3"]);
        Assert.Contains("Wrote 10 masks", part);
        string first = Directory.GetFiles(_folder.At("shared"))[0];
        File.WriteAllText(first, "mine");
        (int exitCode, string shared) = End(Start(2, [.. predict, _folder.At("shared"), "--continue"]));
        Assert.True(exitCode == 0, shared);
        Assert.Contains("Wrote 19 masks", shared);
        Assert.Contains("Those of 10 images were there.", shared);
        Assert.Equal("mine", File.ReadAllText(first));
        File.Copy(Path.Combine(_folder.At("alone"), Path.GetFileName(first)), first, overwrite: true);
        Assert.Equal(Contents("alone"), Contents("shared"));

        string[] evaluate = ["evaluate", "--model", _folder.At("model.zip"), "--key", _folder.At("key.pem"), "--data", _folder.At("data"), "--list", "val", "--json"];
        WorkbenchProcess.Succeed([.. evaluate, _folder.At("alone.json")]);
        (exitCode, string text) = End(Start(3, [.. evaluate, _folder.At("shared.json")]));
        Assert.True(exitCode == 0, text);
        Assert.Equal(File.ReadAllText(_folder.At("alone.json")), File.ReadAllText(_folder.At("shared.json")));

        Dictionary<string, string> Contents(string folder) => Directory.GetFiles(_folder.At(folder), "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(_folder.At(folder), file), file => Convert.ToBase64String(File.ReadAllBytes(file)));
    }

    [MpiFact]
    public void A_process_that_is_killed_ends_the_job_and_another_number_goes_on_from_the_checkpoint()
    {
        string[] training = ["--epochs", "400", "--checkpoint", _folder.At("state")];
        using (Process job = Start(2, Arguments("killed.zip", training)))
        {
            string checkpoint = _folder.At("state/checkpoint.safetensors");
            while (!File.Exists(checkpoint) && !job.HasExited)
                Thread.Sleep(50);
            // Both look alike from here: the last one that was started.
            Process.Start("pkill", ["-KILL", "-n", "-f", _folder.At("killed.zip")]).WaitForExit();
            string error = job.StandardError.ReadToEnd();
            Assert.True(job.WaitForExit(TimeSpan.FromSeconds(30)));
            Assert.NotEqual(0, job.ExitCode);
            Assert.Contains("signal 9 (Killed)", error);
        }
        Assert.False(File.Exists(_folder.At("killed.zip")));
        using Process next = Start(3, Arguments("killed.zip", training));
        string? line = next.StandardOutput.ReadLine();
        while (line?.Contains("was the last one in the checkpoint; continuing after it") == false)
            line = next.StandardOutput.ReadLine();
        next.Kill(entireProcessTree: true);
        Assert.NotNull(line);
    }

    [MpiFact]
    public void What_one_process_finds_wrong_is_said_and_ends_all()
    {
        File.WriteAllText(_folder.At("bad.pem"), "no key");
        (int exitCode, string text) = End(Start(2, [.. Arguments("x.zip", []).Select(argument => argument.Replace("key.pem", "bad.pem"))]));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("error: rank 0: ", text);
        Assert.Contains("bad.pem", text);
    }

    [MpiFact]
    public void A_launcher_whose_library_is_another_one_is_refused()
    {
        // What MPICH's mpirun says to each of two processes, which Open MPI's library takes no notice of.
        (int exitCode, string text) = End(Start("env", ["PMI_SIZE=2", .. Workbench, .. Arguments("x.zip", [])]));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("error: 2 processes were started, but this MPI library sees 1: it is not the launcher's.", text);
        Assert.False(File.Exists(_folder.At("x.zip")));
    }

    [MpiFact]
    public void A_command_that_cannot_share_its_work_is_refused()
    {
        (int exitCode, string text) = End(Start(2, ["keygen", "--out", _folder.At("new.pem")]));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("'keygen' does not share its work with other processes", text);
    }

    private string Train(int size, string model)
    {
        (int exitCode, string text) = End(Start(size, Arguments(model, ["--epochs", "2"])));
        Assert.True(exitCode == 0, text);
        return text;
    }

    private string[] Arguments(string model, string[] more) =>
    [
        "train", "--data", _folder.At("data"), "--key", _folder.At("key.pem"), "--out", _folder.At(model), "--seed", "1", "--from-scratch", "--size", "32x32", "--batch-size", "6",
        "--set", "optimizer=Sgd", "--set", "learningRate=0.01", "--set", "weightAveraging=0", "--set", "warmupSteps=0", .. more,
    ];

    // Class probabilities of an image.
    private double[] Scores(string model)
    {
        var mlContext = new MLContext();
        using var key = PermutationKey.Load(_folder.At("key.pem"));
        ITransformer unlocked = mlContext.Segmentation().Unlock(mlContext.Model.Load(_folder.At(model), out _), key);
        IDataView rows = mlContext.Data.LoadFromEnumerable([new PathRow { ImagePath = Directory.GetFiles(_folder.At("data/JPEGImages")).Order(StringComparer.Ordinal).First() }]);
        float[] scores = unlocked.Transform(rows).GetColumn<float[]>("Score").Single();
        return Array.ConvertAll(scores, value => (double)value);
    }

    private static Process Start(int size, string[] arguments) =>
        Start(MpiFactAttribute.Launcher, ["--allow-run-as-root", "--oversubscribe", "-np", $"{size}", .. Workbench, .. arguments]);

    private static Process Start(string command, string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["CUDA_VISIBLE_DEVICES"] = "" },
        };
        return Process.Start(start)!;
    }

    private static (int ExitCode, string Text) End(Process process)
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

    private sealed class PathRow
    {
        public string ImagePath { get; set; } = "";
    }
}
