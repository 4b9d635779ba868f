using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ServiceTests.Hosting;

/// <summary>Another file, another key, and what is said when they are not good.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeModel _old = new("old"), _new = new("new");
    private readonly string _path;
    private PermutationKey? _key = TestKeys.Wrong();

    public ReloadTests() => _path = _folder.Write("model.zip", [1]);

    [Fact]
    public async Task Another_file_takes_the_place_of_the_old_one_which_answers_what_it_has()
    {
        await using Served served = await Serve();
        _old.Running.Reset();
        _old.Gate.Reset();
        Task<SegmentedImage> inFlight = served.Segmenter.SegmentAsync(FakeModel.Image(1));
        await Served.Eventually(() => _old.Running.IsSet);
        File.WriteAllBytes(_path, [1, 2]);
        await Served.Eventually(() => served.Segmenter.Model!.ClassNames[0] == "new");
        _old.IsDisposed.Should().BeFalse("a request still runs on it");
        _old.Gate.Set();
        (await inFlight).Model.ClassNames[0].Should().Be("old");
        (await served.Segmenter.SegmentAsync(FakeModel.Image(1))).Model.ClassNames[0].Should().Be("new");
        await Served.Eventually(() => _old.IsDisposed);
        _new.IsDisposed.Should().BeFalse();
        (await served.Health()).Status.Should().Be(HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_damaged_file_changes_nothing_but_health_and_log()
    {
        await using Served served = await Serve();
        File.WriteAllBytes(_path, [0]);
        await Served.Eventually(() => served.Log.All.Contains("is damaged"));
        HealthReportEntry health = await served.Health();
        health.Status.Should().Be(HealthStatus.Degraded);
        health.Description.Should().Contain("is damaged");
        (await served.Segmenter.SegmentAsync(FakeModel.Image(1))).Model.ClassNames[0].Should().Be("old");
        served.Log.All.Should().Contain("answered with the model that was loaded before");

        File.Delete(_path);
        await Served.Eventually(() => served.Log.All.Contains("Could not find file"));
        File.WriteAllBytes(_path, [1, 2]);
        await Served.Eventually(() => served.Segmenter.Model!.ClassNames[0] == "new");
        (await served.Health()).Status.Should().Be(HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_wrong_or_missing_key_makes_it_unhealthy_at_once()
    {
        await using Served served = await Serve();
        (await served.Health()).Status.Should().Be(HealthStatus.Healthy);
        _key = PermutationKey.FromBytes(new byte[32]);
        await Served.Eventually(() => served.Log.All.Contains("The key for"));
        HealthReportEntry health = await served.Health();
        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Contain("not the right key");
        _old.IsDisposed.Should().BeFalse("what is unlocked stays so");

        _key = null;
        await Served.Eventually(() => served.Log.All.Contains("The vault is closed."));
        (await served.Health()).Description.Should().Contain("The vault is closed.");
        _key = TestKeys.Wrong();
        File.WriteAllBytes(_path, [1, 2]);
        await Served.Eventually(() => served.Segmenter.Model!.ClassNames[0] == "new");
        (await served.Health()).Status.Should().Be(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Who_starts_without_a_key_or_a_file_waits_for_it()
    {
        _key = null;
        File.Delete(_path);
        await using Served served = Start();
        await Served.Eventually(() => served.Log.All.Contains("The vault is closed."));
        (await served.Health()).Status.Should().Be(HealthStatus.Unhealthy);
        (await Assert.ThrowsAsync<SegmentationUnavailableException>(() => served.Segmenter.SegmentAsync(FakeModel.Image(1)))).Message.Should().Contain("The vault is closed.");
        _key = TestKeys.Wrong();
        await Served.Eventually(() => served.Log.All.Contains("Could not find file"));
        File.WriteAllBytes(_path, [1]);
        await Served.Eventually(() => served.Segmenter.Model is not null);
        (await served.Segmenter.SegmentAsync(FakeModel.Image(1))).Model.Path.Should().Be(_path);
    }

    [Fact]
    public async Task A_locked_model_is_never_served()
    {
        using var locked = new FakeModel { IsUnlocked = false };
        await using var served = new Served(options => (options.ModelPath, options.Load) = (_path, (_, _) => locked));
        await Served.Eventually(() => served.Log.All.Contains("worthless"));
        await Assert.ThrowsAsync<SegmentationUnavailableException>(() => served.Segmenter.SegmentAsync(FakeModel.Image(1)));
        locked.IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task A_model_that_does_not_run_is_not_served()
    {
        using var broken = new FakeModel();
        broken.Dispose();
        await using var served = new Served(options => (options.ModelPath, options.Load) = (_path, (_, _) => broken));
        await Served.Eventually(() => served.Log.All.Contains("disposed"));
        served.Segmenter.Model.Should().BeNull();
    }

    [Fact]
    public async Task A_key_that_does_not_come_stops_neither_requests_nor_the_end()
    {
        var vault = new ManualResetEventSlim(initialState: true);
        Served served = new(options =>
        {
            (options.ModelPath, options.Load) = (_path, (_, _) => _old);
            options.Key = _ =>
            {
                vault.Wait();
                return TestKeys.Wrong();
            };
        });
        await Served.Eventually(() => served.Segmenter.Model is not null);
        vault.Reset();
        for (int i = 0; i < 60 && (await served.Health()).Status != HealthStatus.Unhealthy; i++)
            await Task.Delay(500);
        (await served.Health()).Description.Should().Contain("has not answered");
        (await served.Segmenter.SegmentAsync(FakeModel.Image(1))).Labels[0].Should().Be(2);
        await served.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        vault.Set();
    }

    [Fact]
    public async Task A_network_that_has_just_answered_is_not_asked_again()
    {
        await using Served served = await Serve();
        (await served.Health()).Status.Should().Be(HealthStatus.Healthy, "it is asked, since it has answered nothing yet");
        _old.Batches.Should().Equal(1);
        (await served.Health()).Status.Should().Be(HealthStatus.Healthy);
        _old.Batches.Should().Equal([1], "who has just answered is not asked");
    }

    [Fact]
    public async Task A_network_that_hangs_is_not_healthy_and_is_asked_once()
    {
        await using Served served = await Serve();
        _old.Gate.Reset();
        HealthReportEntry[] checks = await Task.WhenAll(served.Health(), served.Health());
        checks.Should().OnlyContain(check => check.Status == HealthStatus.Unhealthy && check.Description!.Contains("does not answer"));
        _old.Gate.Set();
        await Served.Eventually(() => _old.Batches.Count > 0);
        (await served.Health()).Status.Should().Be(HealthStatus.Healthy);
        _old.Batches.Should().Equal(1);
    }

    [Fact]
    public async Task A_vault_that_says_something_else_each_time_is_noticed()
    {
        bool isOpen = true;
        await using var served = new Served(options =>
        {
            (options.ModelPath, options.Load) = (_path, (_, _) => _old);
            options.Key = _ => isOpen ? TestKeys.Wrong() : throw new InvalidOperationException($"Closed, {Guid.NewGuid()}.");
        });
        await Served.Eventually(() => served.Segmenter.Model is not null);
        isOpen = false;
        await Served.Eventually(() => served.Log.All.Contains("Closed"));
        (await served.Health()).Status.Should().Be(HealthStatus.Unhealthy);
        await Task.Delay(200);
        served.Log.All.Split("The key for").Should().HaveCount(2, "the same trouble is said once");
    }

    [Fact]
    public async Task A_model_that_cannot_be_freed_and_a_log_that_cannot_be_written_end_nothing()
    {
        await using Served served = await Serve();
        _old.FailsToFree = true;
        served.Log.Fails = true;
        File.WriteAllBytes(_path, [1, 2]);
        await Served.Eventually(() => served.Segmenter.Model!.ClassNames[0] == "new");
        await Assert.ThrowsAnyAsync<Exception>(() => served.Segmenter.SegmentAsync(FakeModel.Image(1, width: FakeModel.BadWidth)));
        (await served.Segmenter.SegmentAsync(FakeModel.Image(1))).Model.ClassNames[0].Should().Be("new");
        served.Log.Fails = false;
        File.WriteAllBytes(_path, [0]);
        await Served.Eventually(() => served.Log.All.Contains("is damaged"));
        (await served.Health()).Status.Should().Be(HealthStatus.Degraded);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<Served> Serve()
    {
        Served served = Start();
        await Served.Eventually(() => served.Segmenter.Model is not null);
        return served;
    }

    // The file's length says which model is in it.
    private Served Start() => new(options =>
    {
        options.ModelPath = _path;
        options.Key = _ => _key is null ? throw new InvalidOperationException("The vault is closed.") : PermutationKey.FromBytes(Bytes(_key));
        options.Load = (path, key) =>
        {
            if (key!.GetFingerprint(new byte[16]).SequenceEqual(PermutationKey.FromBytes(new byte[32]).GetFingerprint(new byte[16])))
                throw new WrongKeyException();
            return File.ReadAllBytes(path) switch
            {
                [1] => _old,
                [1, 2] => _new,
                _ => throw new InvalidDataException($"'{path}' is damaged."),
            };
        };
    });

    // The key's owner disposes what it is given.
    private static byte[] Bytes(PermutationKey key)
    {
        using var stream = new MemoryStream();
        key.Save(stream);
        string text = System.Text.Encoding.ASCII.GetString(stream.ToArray());
        return Convert.FromBase64String(text.Split('\n')[1]);
    }
}
