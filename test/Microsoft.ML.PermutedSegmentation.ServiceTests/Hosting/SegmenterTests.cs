using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.ML.Data;

namespace ServiceTests.Hosting;

/// <summary>Requests: together, refused, taken back, and each with its own answer.</summary>
public sealed class SegmenterTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly FakeModel _model = new();
    private readonly string _path;

    public SegmenterTests() => _path = _folder.Write("model.zip", [1]);

    [Fact]
    public async Task Requests_that_wait_run_together_and_each_gets_its_own_answer()
    {
        await using Served served = await Served.With(_model, _path, options => options.MaximumBatchSize = 4);
        Task<SegmentedImage> first = await Occupy(served);
        Task<SegmentedImage>[] others = [.. Enumerable.Range(1, 6).Select(i => served.Segmenter.SegmentAsync(FakeModel.Image((byte)i)))];
        _model.Gate.Set();
        (await first).BatchSize.Should().Be(1);
        SegmentedImage[] answers = await Task.WhenAll(others);
        answers.Select(answer => (int)answer.Labels[0]).Should().Equal(2, 3, 4, 5, 6, 7);
        _model.Batches.Should().Equal(1, 4, 2);
        answers.Select(answer => answer.BatchSize).Should().Equal(4, 4, 4, 4, 2, 2);
        answers.Should().OnlyContain(answer => answer.Waited > TimeSpan.Zero && answer.Scoring > TimeSpan.Zero);
    }

    [Fact]
    public async Task One_waits_for_company_as_long_as_it_is_told()
    {
        await using Served served = await Served.With(_model, _path, options => (options.BatchDelay, options.MaximumBatchSize) = (TimeSpan.FromSeconds(10), 2));
        Task<SegmentedImage> first = served.Segmenter.SegmentAsync(FakeModel.Image(1));
        await Task.Delay(100);
        await Task.WhenAll(first, served.Segmenter.SegmentAsync(FakeModel.Image(2))).WaitAsync(Soon);
        _model.Batches.Should().Equal(2);
    }

    [Fact]
    public async Task A_mask_has_the_size_of_its_image()
    {
        await using Served served = await Served.With(_model, _path);
        using MLImage image = FakeModel.Image(red: 3, height: 6, width: 10);
        SegmentedImage answer = await served.Segmenter.SegmentAsync(image, withProbabilities: true);
        (answer.Height, answer.Width, answer.Scored.Height, answer.Scored.Width).Should().Be((6, 10, FakeModel.Side, FakeModel.Side));
        answer.Labels.Should().Equal(Enumerable.Range(0, 60).Select(i => (byte)(i % 10 < 5 ? 4 : 1)));
        answer.CountPixels().Should().Equal(30, 0, 0, 30, 0, 0, 0, 0, 0, 0);
        answer.Scored.Probabilities.Should().HaveCount(10 * FakeModel.Side * FakeModel.Side);
        (await served.Segmenter.SegmentAsync(image)).Scored.Probabilities.Should().BeNull();
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_says_when_to_come_again()
    {
        await using Served served = await Served.With(_model, _path, options => (options.QueueCapacity, options.MaximumBatchSize) = (3, 1));
        await served.Segmenter.SegmentAsync(FakeModel.Image(1));
        Task<SegmentedImage> first = await Occupy(served);
        Task<SegmentedImage>[] waiting = [.. Enumerable.Range(1, 3).Select(i => served.Segmenter.SegmentAsync(FakeModel.Image((byte)i)))];
        SegmentationBusyException busy = await Assert.ThrowsAsync<SegmentationBusyException>(() => served.Segmenter.SegmentAsync(FakeModel.Image(1)));
        busy.RetryAfter.Should().BePositive();
        busy.Message.Should().Contain("3 requests wait");
        _model.Gate.Set();
        await Task.WhenAll([first, .. waiting]).WaitAsync(Soon);
    }

    [Fact]
    public async Task A_request_that_is_taken_back_is_not_scored()
    {
        await using Served served = await Served.With(_model, _path);
        Task<SegmentedImage> first = await Occupy(served);
        using var cancellation = new CancellationTokenSource();
        Task<SegmentedImage> taken = served.Segmenter.SegmentAsync(FakeModel.Image(2), cancellationToken: cancellation.Token);
        Task<SegmentedImage> last = served.Segmenter.SegmentAsync(FakeModel.Image(3));
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taken);
        _model.Gate.Set();
        await Task.WhenAll(first, last).WaitAsync(Soon);
        _model.Batches.Should().Equal(1, 1);
    }

    [Fact]
    public async Task A_request_that_is_being_scored_is_answered()
    {
        await using Served served = await Served.With(_model, _path);
        using var cancellation = new CancellationTokenSource();
        Task<SegmentedImage> first = await Occupy(served, cancellation.Token);
        cancellation.Cancel();
        await Task.Delay(50);
        first.IsCompleted.Should().BeFalse("the network still reads the image");
        _model.Gate.Set();
        (await first).Labels[0].Should().Be(1);
    }

    [Fact]
    public async Task One_image_does_not_spoil_the_others_of_its_batch()
    {
        await using Served served = await Served.With(_model, _path);
        Task<SegmentedImage> first = await Occupy(served);
        Task<SegmentedImage> good = served.Segmenter.SegmentAsync(FakeModel.Image(5)), bad = served.Segmenter.SegmentAsync(FakeModel.Image(1, width: FakeModel.BadWidth));
        _model.Gate.Set();
        (await good).Labels[0].Should().Be(6);
        await Assert.ThrowsAsync<NotSupportedException>(() => bad);
        await first;
        served.Log.All.Should().Contain("13 x 4 pixels").And.Contain("Not this one");
    }

    [Fact]
    public async Task Who_stops_answers_what_waits_and_takes_nothing_more()
    {
        Served served = await Served.With(_model, _path);
        Task<SegmentedImage> first = await Occupy(served), waiting = served.Segmenter.SegmentAsync(FakeModel.Image(7));
        Task stop = served.DisposeAsync().AsTask();
        (await Assert.ThrowsAsync<SegmentationUnavailableException>(() => served.Segmenter.SegmentAsync(FakeModel.Image(1)))).Message.Should().Contain("stops");
        _model.IsDisposed.Should().BeFalse();
        _model.Gate.Set();
        (await waiting).Labels[0].Should().Be(8);
        await first;
        await stop.WaitAsync(Soon);
        _model.IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task Who_cannot_wait_for_those_that_wait_refuses_them()
    {
        await using Served served = await Served.With(_model, _path);
        Task<SegmentedImage> first = await Occupy(served), waiting = served.Segmenter.SegmentAsync(FakeModel.Image(7));
        using var cancellation = new CancellationTokenSource();
        Task stop = served.Stop(cancellation.Token);
        await cancellation.CancelAsync();
        await Task.Delay(2000);
        _model.Gate.Set();
        (await first).Labels[0].Should().Be(1);
        await Assert.ThrowsAsync<SegmentationUnavailableException>(() => waiting);
        await stop.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_model_that_forgets_an_image_does_not_end_the_application()
    {
        await using Served served = await Served.With(_model, _path);
        Task<SegmentedImage> first = await Occupy(served);
        Task<SegmentedImage>[] waiting = [.. Enumerable.Range(1, 3).Select(i => served.Segmenter.SegmentAsync(FakeModel.Image((byte)i)))];
        _model.Forgets = 2;
        _model.Gate.Set();
        await first;
        (await Task.WhenAll(waiting.Select(async request => (await Record.ExceptionAsync(() => request)) is null))).Should().Equal(true, true, true);
        _model.Forgets = 0;
        (await served.Segmenter.SegmentAsync(FakeModel.Image(4))).Labels[0].Should().Be(5);
    }

    [Fact]
    public async Task Pictures_with_multiplied_colors_are_refused()
    {
        await using Served served = await Served.With(_model, _path);
        using MLImage image = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Rgba32, [10, 10, 10, 100]);
        await Assert.ThrowsAsync<ArgumentException>(() => served.Segmenter.SegmentAsync(image));
        await Assert.ThrowsAsync<ArgumentNullException>(() => served.Segmenter.SegmentAsync(null!));
    }

    [Theory]
    [InlineData("ModelPath")]
    [InlineData("Load")]
    [InlineData("MaximumBatchSize")]
    [InlineData("QueueCapacity")]
    [InlineData("BatchDelay")]
    [InlineData("ReloadInterval")]
    public void Options_that_cannot_be_meant_are_refused(string name)
    {
        var services = new ServiceCollection();
        services.AddSegmentation(options =>
        {
            (options.ModelPath, options.Load) = (_path, (_, _) => _model);
            _ = name switch
            {
                "ModelPath" => (object)(options.ModelPath = ""),
                "Load" => options.Load = null,
                "MaximumBatchSize" => options.MaximumBatchSize = 0,
                "QueueCapacity" => options.QueueCapacity = 0,
                "BatchDelay" => options.BatchDelay = TimeSpan.FromSeconds(-1),
                _ => options.ReloadInterval = TimeSpan.Zero,
            };
        });
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<ISegmenter>()).Message.Should().Contain($"SegmentationOptions.{name}");
    }

    public void Dispose() => _folder.Dispose();

    // A request that the network has, and does not give back before its gate is opened.
    private async Task<Task<SegmentedImage>> Occupy(Served served, CancellationToken cancellationToken = default)
    {
        _model.Running.Reset();
        _model.Gate.Reset();
        Task<SegmentedImage> request = served.Segmenter.SegmentAsync(FakeModel.Image(0), cancellationToken: cancellationToken);
        await Served.Eventually(() => _model.Running.IsSet);
        return request;
    }
}
