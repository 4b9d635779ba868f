using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.PermutedSegmentation.Running;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Labels each pixel of an image with its class, with ONNX Runtime and without libtorch: from an ONNX file that
/// <c>mlContext.Segmentation().ExportToOnnx</c> wrote, or from another program's (<see cref="OnnxModelOptions"/>). The key puts the weights in order in
/// memory, once, so nothing is permuted at run time.
/// </summary>
/// <remarks>May be used from several threads at once. Holds native memory: dispose it when done.</remarks>
public sealed class OnnxSegmenter : IDisposable
{
    private readonly OnnxNetwork _network;

    private OnnxSegmenter(OnnxNetwork network, bool isUnlocked) => (_network, IsUnlocked) = (network, isUnlocked);

    /// <summary>Whether a key has been given, right or wrong, or none is needed.</summary>
    public bool IsUnlocked { get; }

    /// <summary>The feature maps that need the key; None for an unprotected model.</summary>
    public FeatureMaps FeatureMaps => _network.FeatureMaps;

    /// <summary>The classes, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames => _network.ClassNames;

    /// <summary>How images of other sizes are scored.</summary>
    public ScoringMode ScoringMode => _network.ScoringMode;

    /// <summary>How often an image is scored.</summary>
    public TestTimeAugmentation TestTimeAugmentation => _network.TestTimeAugmentation;

    /// <summary>Height in pixels of the images that the network reads and, unless it reads them by windows or <see cref="OnnxModelOptions.MasksOfImageSize"/> is set, of the masks.</summary>
    public int ImageHeight => _network.ImageHeight;

    /// <summary>Width of these images.</summary>
    public int ImageWidth => _network.ImageWidth;

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
        catch (InvalidOperationException exception) when (exception is not (WrongKeyException or ObjectDisposedException))
        {
            throw new InvalidOperationException($"'{path}': {exception.Message}", exception);
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
    /// <exception cref="WrongKeyException"><paramref name="verify"/> is set, or the file is sealed, and the key is another one.</exception>
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
        return new OnnxSegmenter(new ExportedNetwork(new InferenceSession(graph, sessionOptions ?? standard), model), isUnlocked: key is not null || !model.IsProtected);
    }

    /// <summary>Reads a segmentation model of another program, which <see cref="OnnxProtection"/> may have protected.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="model">What its graph does not say of images and labels.</param>
    /// <param name="key">The file's key; null for a file that is not protected, or to run a permuted one locked, to worthless labels.</param>
    /// <param name="verify"><inheritdoc cref="Load(Stream, PermutationKey?, bool, SessionOptions?)" path="/param[@name='verify']/node()"/></param>
    /// <param name="sessionOptions"><inheritdoc cref="Load(Stream, PermutationKey?, bool, SessionOptions?)" path="/param[@name='sessionOptions']/node()"/></param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> or <paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or it is damaged; the message says what it is.</exception>
    /// <exception cref="WrongKeyException">The file has another key.</exception>
    /// <exception cref="InvalidOperationException">
    /// <paramref name="model"/> leaves out what the graph does not say, or contradicts it; or there is a key, but the file is not protected, or stores no
    /// fingerprint and <paramref name="verify"/> is set; or there is no key, but the file is sealed.
    /// </exception>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime cannot run the model.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static OnnxSegmenter Load(string path, OnnxModelOptions model, PermutationKey? key = null, bool verify = true, SessionOptions? sessionOptions = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        (byte[]? original, bool isProtected) = OnnxProtection.Open(path, key, verify);
        using SessionOptions? standard = sessionOptions is null ? new SessionOptions() : null;
        InferenceSession session = original is null
            ? new InferenceSession(path, sessionOptions ?? standard)
            : new InferenceSession(original, sessionOptions ?? standard);
        try
        {
            return new OnnxSegmenter(new ForeignNetwork(session, model), isUnlocked: key is not null || !isProtected);
        }
        catch (Exception exception)
        {
            session.Dispose();
            if (exception is InvalidOperationException)
                throw new InvalidOperationException($"'{path}': {exception.Message}", exception);
            throw;
        }
    }

    /// <summary>The ONNX model that is run: images of floats from 0 to 255 in, scores at the size of the last map out.</summary>
    internal static (byte[] Graph, ModelDescription Model) CreateGraph(Stream stream, PermutationKey? key, bool verify)
    {
        (ModelDescription model, var tensors, bool wasSealed) = OnnxFile.Read(stream, key);
        WeightProtection? protection = key is null || (wasSealed && !model.IsProtected) ? null : ProtectionOf(model, key, verify && !wasSealed);
        NetworkLayout layout = model.Layout;
        GraphProto graph = NetworkGraph.ForMemory(layout, model.ImageHeight, model.ImageWidth, new OnnxWeights(tensors, protection));
        return (OnnxFile.CreateModel(graph, model).ToByteArray(), model);
    }

    /// <summary>The mask of an image of any size.</summary>
    /// <param name="image">An image; <see cref="ImageFile.Load(string, ImageOrientation)"/> reads one from a file upright and with its own colors.</param>
    /// <returns>The class of each pixel, from 0: <see cref="ImageHeight"/> x <see cref="ImageWidth"/>, or height x width of the image with <see cref="ScoringMode.SlidingWindow"/> or <see cref="OnnxModelOptions.MasksOfImageSize"/>.</returns>
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
        _network.ThrowIfDisposed();
        if (images.Count > _network.MostImages)
            throw new ArgumentException($"{images.Count} images are too many at once for {ImageHeight}x{ImageWidth} pixels each; at most {_network.MostImages} are possible.", nameof(images));
        return _network.Segment([.. images.Select((image, i) => new ImagePixels(Check(image, i)))]);

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
    /// <returns>The class of each pixel, from 0: <see cref="ImageHeight"/> x <see cref="ImageWidth"/>, or height x width of the image with <see cref="ScoringMode.SlidingWindow"/> or <see cref="OnnxModelOptions.MasksOfImageSize"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="rgb"/> has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="height"/> or <paramref name="width"/> is below 1.</exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public byte[,] Segment(ReadOnlySpan<byte> rgb, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (rgb.Length != 3L * height * width)
            throw new ArgumentException($"An image of {height}x{width} pixels (height x width) has {3L * height * width} bytes, but {rgb.Length} were given.", nameof(rgb));
        return _network.Segment([new ImagePixels(rgb.ToArray(), height, width)])[0];
    }

    /// <summary>Frees the network's native memory, once no other thread segments images with it any more.</summary>
    public void Dispose() => _network.Dispose();

    private static WeightProtection ProtectionOf(ModelDescription model, PermutationKey key, bool verify)
    {
        if (!model.IsProtected)
            throw new InvalidOperationException("This model is not protected: it needs no key.");
        if (verify)
            model.Require(key, "load it without verifying");
        return new WeightProtection(model.Layout, model.PermutationsOf(key));
    }
}
