using System.Diagnostics;
using System.Globalization;

namespace PublicTests.Distribution;

public sealed class MpiKillTests : IDisposable
{
    private readonly MpiJobs _jobs = new();

    public void Dispose() => _jobs.Dispose();

    [MpiFact]
    public void Whichever_process_is_killed_at_any_moment_the_job_ends_and_another_number_goes_on_from_the_checkpoint()
    {
        string[] training = ["--epochs", "400", "--checkpoint", _jobs.Folder.At("state")];
        var random = new Random(6);
        foreach ((int size, int victim) in (ReadOnlySpan<(int, int)>)[(2, 1), (3, 0), (2, 0), (3, 1), (3, 2)])
        {
            using Process job = MpiJobs.Start(size, _jobs.Arguments("killed.zip", training));
            Task<string> error = job.StandardError.ReadToEndAsync();
            while (!File.Exists(_jobs.Folder.At("state/checkpoint.safetensors")) && !job.HasExited)
                Thread.Sleep(50);
            Thread.Sleep(random.Next(4000));
            Kill(victim);
            Assert.True(job.WaitForExit(TimeSpan.FromSeconds(30)));
            Assert.NotEqual(0, job.ExitCode);
            Assert.Contains($"process rank {victim} ", error.Result);
            Assert.Contains("signal 9 (Killed)", error.Result);
            Assert.True(SpinWait.SpinUntil(() => !Ranks().Any(), TimeSpan.FromSeconds(10)), "A process is left.");
            Assert.False(File.Exists(_jobs.Folder.At("killed.zip")));
        }
        using Process next = MpiJobs.Start(2, _jobs.Arguments("killed.zip", training));
        string? line = next.StandardOutput.ReadLine();
        while (line?.Contains("was the last one in the checkpoint; continuing after it") == false)
            line = next.StandardOutput.ReadLine();
        next.Kill(entireProcessTree: true);
        Assert.NotNull(line);

        void Kill(int rank)
        {
            int process = 0;
            Assert.True(SpinWait.SpinUntil(() => (process = Ranks().FirstOrDefault(entry => entry.Rank == $"{rank}").Process) != 0, TimeSpan.FromSeconds(10)), $"Rank {rank} does not start.");
            Process.GetProcessById(process).Kill();
        }

        // The processes of the job that mpirun has started.
        IEnumerable<(int Process, string Rank)> Ranks() =>
            from folder in Directory.GetDirectories("/proc")
            where int.TryParse(Path.GetFileName(folder), out _) && Read(folder, "cmdline").Contains(_jobs.Folder.At("killed.zip"))
            from variable in Read(folder, "environ").Split('\0')
            where variable.StartsWith("OMPI_COMM_WORLD_RANK=", StringComparison.Ordinal)
            select (int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), variable.Split('=')[1]);

        // Processes end at any time.
        static string Read(string folder, string file)
        {
            try
            {
                return File.ReadAllText(Path.Combine(folder, file));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }
}
