using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Labels each pixel of an image with its class, from an ONNX file that <c>mlContext.Segmentation().ExportToOnnx</c> wrote, with ONNX
/// Runtime and without libtorch. The key puts the weights in order in memory, once, so nothing is permuted at run time.
/// </summary>
/// <remarks>May be used from several threads at once. Holds native memory: dispose it when done.</remarks>
public sealed class OnnxSegmenter : IDisposable
{
    private readonly Shared<InferenceSession> _session;
    private readonly ModelDescription _model;

    private OnnxSegmenter(InferenceSession session, ModelDescription model, bool isUnlocked)
    {
        (_model, IsUnlocked) = (model, isUnlocked);
        _session = new Shared<InferenceSession>(session, owned => owned.Dispose(), () => new ObjectDisposedException(nameof(OnnxSegmenter)));
    }

    /// <summary>Whether a key has been given, right or wrong, or none is needed.</summary>
    public bool IsUnlocked { get; }

    /// <summary>The feature maps that need the key; None for an unprotected model.</summary>
    public FeatureMaps FeatureMaps => _model.FeatureMaps;

    /// <summary>The classes, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames => _model.ClassNames;

    /// <summary>How images of other sizes are scored.</summary>
    public ScoringMode ScoringMode => _model.ScoringMode;

    /// <summary>How often an image is scored.</summary>
    public TestTimeAugmentation TestTimeAugmentation => _model.TestTimeAugmentation;

    /// <summary>Height in pixels of the images that the network reads and, unless it reads them by windows, of the masks.</summary>
    public int ImageHeight => _model.ImageHeight;

    /// <summary>Width of these images.</summary>
    public int ImageWidth => _model.ImageWidth;

    /// <summary>Reads a model from a file.</summary>
    /// <param name="path">A file that <c>ExportToOnnx</c> wrote.</param>
    /// <param name="key"><inheritdoc cref="Load(Stream, PermutationKey?, bool, SessionOptions?)" path="/param[@name='key']/node()"/></param>
    /// <param name="verify"><inheritdoc cref="Load(Stream, PermutationKey?, bool, SessionOptions?)" path="/param[@name='verify']/node()"/></param>
    /// <param name="sessionOptions"><inheritdoc cref="Load(Stream, PermutationKey?, bool, SessionOptions?)" path="/param[@name='sessionOptions']/node()"/></param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is not an ONNX file of a segmentation model, whatever its name, or it is damaged; the message says what it is.</exception>
    /// <exception cref="WrongKeyException">The key is refused, as for a stream.</exception>
    /// <exception cref="InvalidOperationException">The key cannot be verified, or none is needed, as for a stream.</exception>
    public static OnnxSegmenter Load(string path, PermutationKey? key = null, bool verify = true, SessionOptions? sessionOptions = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SegmentationFile.Require(path, SegmentationFileKind.Onnx);
        using FileStream stream = File.OpenRead(path);
        try
        {
            return Load(stream, key, verify, sessionOptions);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"'{path}': {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Reads a model. Only its description and its weights are taken from the file, after they are checked; the graph that
    /// runs is built anew.
    /// </summary>
    /// <param name="stream">What <c>ExportToOnnx</c> wrote; it is read to its end and stays open.</param>
    /// <param name="key">The model's key; null to run the model locked (the paper's No-perm). It is not needed afterwards.</param>
    /// <param name="verify">
    /// Whether to refuse a key that is not known to be the right one. Without it another key gives worthless labels, without any
    /// error.
    /// </param>
    /// <param name="sessionOptions">ONNX Runtime's options, such as its number of threads or its execution provider; null for its defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="InvalidDataException">It is not an ONNX file of a segmentation model, or it is damaged.</exception>
    /// <exception cref="WrongKeyException"><paramref name="verify"/> is set, and the key is another one.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is a key, but the model is not protected; or <paramref name="verify"/> is set, and the model stores no fingerprint; or there is no key, but the
    /// file is sealed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static OnnxSegmenter Load(Stream stream, PermutationKey? key = null, bool verify = true, SessionOptions? sessionOptions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        (byte[] graph, ModelDescription model) = CreateGraph(stream, key, verify);
        using SessionOptions? standard = sessionOptions is null ? new SessionOptions() : null;
        return new OnnxSegmenter(new InferenceSession(graph, sessionOptions ?? standard), model, isUnlocked: key is not null || !model.IsProtected);
    }

    /// <summary>The ONNX model that is run: images of floats from 0 to 255 in, scores at the size of the last map out.</summary>
    internal static (byte[] Graph, ModelDescription Model) CreateGraph(Stream stream, PermutationKey? key, bool verify)
    {
        (ModelDescription model, var tensors, bool wasSealed) = OnnxFile.Read(stream, key);
        WeightProtection? protection = key is null || (wasSealed && !model.IsProtected) ? null : ProtectionOf(model, key, verify);
        NetworkLayout layout = model.Layout;
        GraphProto graph = NetworkGraph.ForMemory(layout, model.ImageHeight, model.ImageWidth, new OnnxWeights(tensors, protection));
        return (OnnxFile.CreateModel(graph, model).ToByteArray(), model);
    }

    /// <summary>The mask of an image of any size.</summary>
    /// <param name="image">An image; <see cref="ImageFile.Load(string, ImageOrientation)"/> reads one from a file upright and with its own colors.</param>
    /// <returns>The class of each pixel, from 0: <see cref="ImageHeight"/> x <see cref="ImageWidth"/>, or height x width of the image with <see cref="ScoringMode.SlidingWindow"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="ArgumentException">The image is transparent and its colors are multiplied by its alpha.</exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public byte[,] Segment(MLImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Segment([image])[0];
    }

    /// <summary>The masks of images of any size, which run through the network together unless they are scored by windows.</summary>
    /// <returns>For each image the class of each pixel, from 0, as for a single one.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="images"/> or one of them is null.</exception>
    /// <exception cref="ArgumentException">An image is transparent and its colors are multiplied by its alpha; or there are so many that no array holds them.</exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public IReadOnlyList<byte[,]> Segment(IReadOnlyList<MLImage> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        _session.ThrowIfDisposed();
        if (!_model.ScoresResizedImages)
            return [.. images.Select((image, i) => RunWindows(Check(image, i)))];
        if (images.Count > Array.MaxLength / InputSize)
            throw new ArgumentException($"{images.Count} images are too many at once for {ImageHeight}x{ImageWidth} pixels each; at most {Array.MaxLength / InputSize} are possible.", nameof(images));
        float[] batch = new float[images.Count * InputSize];
        for (int i = 0; i < images.Count; i++)
        {
            MLImage image = Check(images[i], i);
            Write(RgbPixels.From(image), image.Height, image.Width, batch, i);
        }
        return images.Count == 0 ? [] : Run(batch, images.Count);

        static MLImage Check(MLImage? image, int index)
        {
            if (image is null)
                throw new ArgumentNullException(nameof(images), $"Image {index} is null.");
            return RgbPixels.HasStraightColors(image)
                ? image
                : throw new ArgumentException($"Image {index} is transparent or incomplete, and its colors are multiplied by their transparency. Read it with ImageFile.Load, which keeps colors as they are, or make it opaque.", nameof(images));
        }
    }

    /// <summary>The mask of an image of any size, from its pixels.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row: height x width x 3 bytes.</param>
    /// <param name="height">Height of the image in pixels.</param>
    /// <param name="width">Width of the image in pixels.</param>
    /// <returns>The class of each pixel, from 0: <see cref="ImageHeight"/> x <see cref="ImageWidth"/>, or height x width of the image with <see cref="ScoringMode.SlidingWindow"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="rgb"/> has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="height"/> or <paramref name="width"/> is below 1.</exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public byte[,] Segment(ReadOnlySpan<byte> rgb, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (rgb.Length != 3L * height * width)
            throw new ArgumentException($"An image of {height}x{width} pixels (height x width) has {3L * height * width} bytes, but {rgb.Length} were given.", nameof(rgb));
        if (!_model.ScoresResizedImages)
        {
            byte[] pixels = rgb.ToArray();
            return RunWindows(height, width, (y, left, row) => pixels.AsSpan((y * width + left) * 3, row.Length).CopyTo(row));
        }
        float[] batch = new float[InputSize];
        Write(rgb, height, width, batch, 0);
        return Run(batch, 1)[0];
    }

    /// <summary>Frees the network's native memory, once no other thread segments images with it any more.</summary>
    public void Dispose() => _session.Dispose();

    private int InputSize => ImageHeight * ImageWidth * 3;

    private static WeightProtection ProtectionOf(ModelDescription model, PermutationKey key, bool verify)
    {
        if (!model.IsProtected)
            throw new InvalidOperationException("This model is not protected: it needs no key.");
        if (verify)
            model.Require(key, "load it without verifying");
        return new WeightProtection(model.Layout, model.PermutationsOf(key));
    }

    private void Write(ReadOnlySpan<byte> rgb, int height, int width, float[] batch, int index) =>
        AntialiasedResizer.Resize(rgb, height, width, batch.AsSpan(index * InputSize, InputSize), ImageHeight, ImageWidth);

    private byte[,] RunWindows(MLImage image) =>
        RunWindows(image.Height, image.Width, (y, left, rgb) => RgbPixels.Copy(image, y * image.Width + left, rgb));

    private byte[,] RunWindows(int height, int width, PixelRowReader pixels)
    {
        using var use = _session.Use();
        InferenceSession session = use.Value;
        var windows = new WindowedImage(_model, height, width, pixels, (images, count) => Score(session, images, count));
        byte[,] mask = new byte[windows.Height, windows.Width];
        Span<byte> labels = MemoryMarshal.CreateSpan(ref mask[0, 0], mask.Length);
        windows.Run(labels);
        MaskLabels.ToClasses(labels, labels);
        return mask;
    }

    private byte[][,] Run(float[] batch, int count)
    {
        using var use = _session.Use();
        int stride = _model.Layout.Output.Stride;
        byte[] keyValues = LabelUpsampler.Upsample(
            Score(use.Value, batch, count), count, ImageHeight / stride, ImageWidth / stride, ClassNames.Count, ImageHeight, ImageWidth);
        byte[][,] masks = new byte[count][,];
        for (int i = 0; i < count; i++)
        {
            byte[,] mask = masks[i] = new byte[ImageHeight, ImageWidth];
            Span<byte> pixels = MemoryMarshal.CreateSpan(ref mask[0, 0], mask.Length);
            MaskLabels.ToClasses(keyValues.AsSpan(i * mask.Length, mask.Length), pixels);
        }
        return masks;
    }

    private float[] Score(InferenceSession session, float[] images, int count)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images.AsMemory(0, count * InputSize), [count, ImageHeight, ImageWidth, 3]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image"], [input], ["scores"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
