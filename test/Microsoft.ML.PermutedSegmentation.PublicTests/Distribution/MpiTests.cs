using Microsoft.ML.Data;
using PublicTests.Documentation;

namespace PublicTests.Distribution;

/// <summary>The console app as several processes that Open MPI starts and connects.</summary>
public sealed class MpiTests : IDisposable
{
    private readonly MpiJobs _jobs = new();

    public void Dispose() => _jobs.Dispose();

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

    // Each a network namespace with a name of its own; they see each other through a virtual cable only, which takes 2 ms and loses half a percent. The same number of
    // processes gives the same bits.
    [TwoHostsFact]
    public void Two_hosts_on_a_bad_cable_train_what_two_processes_of_one_train()
    {
        Assert.Equal(
            Train("one.zip", MpiFactAttribute.Launcher, "--allow-run-as-root", "--oversubscribe", "-np", "2"), Train("two.zip", "BAD_CABLE=2 0.005", Repository.At("eng/two-hosts.sh")));

        double[] Train(string model, params string[] launcher)
        {
            // With one thread sums are in the same order, however processes are bound to cores.
            (int exitCode, string text) = MpiJobs.End(MpiJobs.Start("env", ["OMP_NUM_THREADS=1", .. launcher, .. MpiJobs.Workbench, .. _jobs.Arguments(model, ["--epochs", "1"])]));
            Assert.True(exitCode == 0, text);
            return Scores(model);
        }
    }

    [MpiFact]
    public void Two_processes_predict_and_evaluate_what_one_does()
    {
        Train(1, "model.zip");
        string[] predict = ["predict", "--model", _jobs.Folder.At("model.zip"), "--key", _jobs.Folder.At("key.pem"), "--images", _jobs.Folder.At("data/JPEGImages"), "--out"];
        (_, string alone) = WorkbenchProcess.Run([.. predict, _jobs.Folder.At("alone")]);
        Assert.Contains("Wrote 29 masks", alone);
        // What is there of an earlier run is left alone.
        (_, string part) = WorkbenchProcess.Run([.. predict, _jobs.Folder.At("shared"), "--shard", "2/3"]);
        Assert.Contains("Wrote 10 masks", part);
        string first = Directory.GetFiles(_jobs.Folder.At("shared"))[0];
        File.WriteAllText(first, "mine");
        (int exitCode, string shared) = MpiJobs.End(MpiJobs.Start(2, [.. predict, _jobs.Folder.At("shared"), "--continue"]));
        Assert.True(exitCode == 0, shared);
        Assert.Contains("Wrote 19 masks", shared);
        Assert.Contains("Those of 10 images were there.", shared);
        Assert.Equal("mine", File.ReadAllText(first));
        File.Copy(Path.Combine(_jobs.Folder.At("alone"), Path.GetFileName(first)), first, overwrite: true);
        Assert.Equal(Contents("alone"), Contents("shared"));

        string[] evaluate = ["evaluate", "--model", _jobs.Folder.At("model.zip"), "--key", _jobs.Folder.At("key.pem"), "--data", _jobs.Folder.At("data"), "--list", "val", "--json"];
        WorkbenchProcess.Succeed([.. evaluate, _jobs.Folder.At("alone.json")]);
        (exitCode, string text) = MpiJobs.End(MpiJobs.Start(3, [.. evaluate, _jobs.Folder.At("shared.json")]));
        Assert.True(exitCode == 0, text);
        Assert.Equal(File.ReadAllText(_jobs.Folder.At("alone.json")), File.ReadAllText(_jobs.Folder.At("shared.json")));

        Dictionary<string, string> Contents(string folder) => Directory.GetFiles(_jobs.Folder.At(folder), "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(_jobs.Folder.At(folder), file), file => Convert.ToBase64String(File.ReadAllBytes(file)));
    }

    [MpiFact]
    public void What_one_process_finds_wrong_is_said_and_ends_all()
    {
        File.WriteAllText(_jobs.Folder.At("bad.pem"), "no key");
        (int exitCode, string text) = MpiJobs.End(MpiJobs.Start(2, [.. _jobs.Arguments("x.zip", []).Select(argument => argument.Replace("key.pem", "bad.pem"))]));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("error: rank 0: ", text);
        Assert.Contains("bad.pem", text);
    }

    [MpiFact]
    public void A_launcher_whose_library_is_another_one_is_refused()
    {
        // What MPICH's mpirun says to each of two processes, which Open MPI's library takes no notice of.
        (int exitCode, string text) = MpiJobs.End(MpiJobs.Start("env", ["PMI_SIZE=2", .. MpiJobs.Workbench, .. _jobs.Arguments("x.zip", [])]));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("error: 2 processes were started, but this MPI library sees 1: it is not the launcher's.", text);
        Assert.False(File.Exists(_jobs.Folder.At("x.zip")));
    }

    [MpiFact]
    public void A_command_that_cannot_share_its_work_is_refused()
    {
        (int exitCode, string text) = MpiJobs.End(MpiJobs.Start(2, ["keygen", "--out", _jobs.Folder.At("new.pem")]));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("'keygen' does not share its work with other processes", text);
    }

    private string Train(int size, string model)
    {
        (int exitCode, string text) = MpiJobs.End(MpiJobs.Start(size, _jobs.Arguments(model, ["--epochs", "2"])));
        Assert.True(exitCode == 0, text);
        return text;
    }

    // Class probabilities of an image.
    private double[] Scores(string model)
    {
        var mlContext = new MLContext();
        using var key = PermutationKey.Load(_jobs.Folder.At("key.pem"));
        ITransformer unlocked = mlContext.Segmentation().Unlock(mlContext.Model.Load(_jobs.Folder.At(model), out _), key);
        IDataView rows = mlContext.Data.LoadFromEnumerable([new PathRow { ImagePath = Directory.GetFiles(_jobs.Folder.At("data/JPEGImages")).Order(StringComparer.Ordinal).First() }]);
        float[] scores = unlocked.Transform(rows).GetColumn<float[]>("Score").Single();
        return Array.ConvertAll(scores, value => (double)value);
    }

    private sealed class PathRow
    {
        public string ImagePath { get; set; } = "";
    }
}
