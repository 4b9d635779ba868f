using Microsoft.ML.Data;

namespace ServiceTests.Hosting;

/// <summary>
/// A model that labels the left half of an image with the class of its upper left pixel's red value, and the right half with class 0, and waits
/// where a test wants it to.
/// </summary>
internal sealed class FakeModel(string name = "fake") : ISegmentationModel
{
    public const int Side = 4, BadWidth = 13;

    private readonly List<int> _batches = [];

    /// <summary>Closed, the network runs and does not come back.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    /// <summary>Set as soon as the network runs.</summary>
    public ManualResetEventSlim Running { get; } = new();

    /// <summary>How many images ran together, batch by batch, without the one that is run to try a new model.</summary>
    public IReadOnlyList<int> Batches
    {
        get
        {
            lock (_batches)
                return [.. _batches.Skip(1)];
        }
    }

    /// <summary>How many answers it leaves out of a batch.</summary>
    public int Forgets { get; set; }

    public bool IsDisposed { get; private set; }

    public IReadOnlyList<string> ClassNames => [name, .. Enumerable.Range(1, 9).Select(i => $"class {i}")];

    public int ImageHeight => Side;

    public int ImageWidth => Side;

    public bool IsUnlocked { get; init; } = true;

    public bool HasProbabilities => true;

    public IReadOnlyList<ScoredImage> Score(IReadOnlyList<MLImage> images, bool withProbabilities = false)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        lock (_batches)
            _batches.Add(images.Count);
        Running.Set();
        Gate.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue();
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (images.Any(image => image.Width == BadWidth))
            throw new NotSupportedException("Not this one.");
        return [.. images.SkipLast(images.Count > 1 ? Forgets : 0).Select(image => Label(image.Pixels[0], withProbabilities))];
    }

    /// <summary>Whether it throws when it is disposed.</summary>
    public bool FailsToFree { get; set; }

    public void Dispose()
    {
        IsDisposed = true;
        if (FailsToFree)
            throw new InvalidOperationException("It cannot be freed.");
    }

    /// <summary>An image whose left half will have a class.</summary>
    public static MLImage Image(byte red, int height = Side, int width = Side)
    {
        byte[] pixels = new byte[4 * height * width];
        for (int i = 0; i < pixels.Length; i += 4)
            (pixels[i], pixels[i + 3]) = (red, 255);
        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
    }

    private static ScoredImage Label(byte red, bool withProbabilities)
    {
        byte[] labels = [.. Enumerable.Range(0, Side * Side).Select(i => (byte)(i % Side < Side / 2 ? red + 1 : 1))];
        float[]? probabilities = withProbabilities ? [.. Enumerable.Repeat(0.1f, 10 * Side * Side)] : null;
        return new ScoredImage(labels, probabilities, Side, Side);
    }
}
