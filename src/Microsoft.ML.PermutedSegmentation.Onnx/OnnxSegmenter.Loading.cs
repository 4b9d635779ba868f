using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.PermutedSegmentation.Running;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

// How files become networks that run.
public sealed partial class OnnxSegmenter
{
    private const int LargeModel = 1 << 25;

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
        return new OnnxSegmenter(new ExportedNetwork(Start(graph, (sessionOptions ?? standard)!), model), isUnlocked: key is not null || !model.IsProtected);
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
        return OnnxProtection.Naming(path, () => Run(
            options => original is null ? new InferenceSession(path, options) : Start(original, options), model, sessionOptions, key is not null || !isProtected));
    }

    /// <summary>The same of a file in memory, with all tensors in it.</summary>
    internal static OnnxSegmenter Load(byte[] file, OnnxModelOptions model, PermutationKey? key, bool verify)
    {
        (byte[]? original, bool isProtected) = OnnxProtection.Open(file, key, verify);
        return Run(options => Start(original ?? file, options), model, sessionOptions: null, key is not null || !isProtected);
    }

    private static OnnxSegmenter Run(Func<SessionOptions, InferenceSession> start, OnnxModelOptions model, SessionOptions? sessionOptions, bool isUnlocked)
    {
        using SessionOptions? standard = sessionOptions is null ? new SessionOptions() : null;
        InferenceSession session = start((sessionOptions ?? standard)!);
        try
        {
            return new OnnxSegmenter(new ForeignNetwork(session, model), isUnlocked);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // What the model was made of is garbage now, some times the size of its weights, and the session is about to take as much again.
    private static InferenceSession Start(byte[] model, SessionOptions options)
    {
        if (model.Length >= LargeModel)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return new InferenceSession(model, options);
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

    private static WeightProtection ProtectionOf(ModelDescription model, PermutationKey key, bool verify)
    {
        if (!model.IsProtected)
            throw new InvalidOperationException("This model is not protected: it needs no key.");
        if (verify)
            model.Require(key, "load it without verifying");
        return new WeightProtection(model.Layout, model.PermutationsOf(key));
    }
}
