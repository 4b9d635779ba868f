using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The weights of a network, by the names that torchvision (PyTorch) gives them: of a fully convolutional network (FCN), or of its
/// backbone alone, a residual network without its classifier. They go to and from PyTorch in safetensors files, become a model
/// with <c>mlContext.Segmentation().CreateModel</c>, and are what a training starts from as <c>Options.InitialWeights</c>.
/// </summary>
/// <remarks>Holds native memory, which it may share with models: each is disposed separately.</remarks>
public sealed class SegmentationWeights : IDisposable
{
    // In the metadata of a file; the value does not matter.
    private const string LockedMark = "locked";

    private readonly Shared<IReadOnlyDictionary<string, Tensor>> _state;

    private SegmentationWeights(SegmentationNetwork? network, Backbone backbone, int? classCount, bool isLocked, Dictionary<string, Tensor> state)
    {
        (Network, Backbone, ClassCount, IsLocked) = (network, backbone, classCount, isLocked);
        foreach (Tensor tensor in state.Values)
            tensor.DetachFromDisposeScope();
        _state = new Shared<IReadOnlyDictionary<string, Tensor>>(state, Free, () => new ObjectDisposedException(nameof(SegmentationWeights)));
    }

    /// <summary>The network that they belong to; null for a backbone alone.</summary>
    public SegmentationNetwork? Network { get; }

    /// <summary>The backbone that they belong to.</summary>
    public Backbone Backbone { get; }

    /// <summary>The number of classes of the network; null for a backbone alone.</summary>
    public int? ClassCount { get; }

    /// <summary>
    /// Whether they were taken from a locked model, as stored: without its key they are worthless, and neither a model nor a
    /// training accepts them. A safetensors file keeps that mark in its metadata.
    /// </summary>
    public bool IsLocked { get; }

    /// <summary>32-bit floats by their names in <see cref="TorchNetwork.State"/>; a backbone alone lacks the classifier's.</summary>
    /// <exception cref="ObjectDisposedException">The weights were disposed.</exception>
    internal Shared<IReadOnlyDictionary<string, Tensor>>.Lease Use() => _state.Use();

    /// <summary>
    /// Reads the state dict of one of torchvision's segmentation networks (<c>fcn_resnet50</c>; backbone.*, classifier.*) or of a backbone
    /// alone (<c>resnet50</c>; conv1.weight, ...), or what <see cref="Save"/> wrote. The names show which network it is. The auxiliary
    /// classifier (aux_classifier.*), ImageNet's classifier (fc.*) and counters (*.num_batches_tracked) are ignored, and so are the prefixes
    /// that wrappers put before all names: module., _orig_mod., model., ema. and backbone., one or several of them. Numbers of type F32, F16,
    /// BF16 and F64 are read as 32-bit floats. The file is one of safetensors, or what <c>torch.save</c> has written (.pth, .pt): a state dict,
    /// or a checkpoint that has one as state_dict, model_state_dict or model, of which the first with tensors is taken, or one under another name.
    /// </summary>
    /// <remarks>
    /// The file may be untrusted: its header is checked before memory is allocated for any tensor. A file of <c>torch.save</c> is a program
    /// of Python; it is not run, and one that has more in it than tensors, plain containers and what trainings usually keep beside them is
    /// refused. The weights are in memory only once; there is no second copy.
    /// </remarks>
    /// <param name="path">A file of safetensors or of PyTorch; its name does not matter.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or is of another kind, whatever its name; the message says what it is instead. Or its tensors are not
    /// those of such a network; the message lists which are missing, unknown or of another shape or type. Or a tensor has values that are
    /// NaN, infinite, beyond the range of 32-bit floats, or a negative variance; the message names it.
    /// </exception>
    public static SegmentationWeights Load(string path)
    {
        SegmentationFile.Require(path, SegmentationFileKind.Weights);
        try
        {
            using FileStream stream = File.OpenRead(path);
            using ITensorFile file = FileContent.OpenTensors(stream);
            if (file.Metadata.TryGetValue(ModelFormat.FormatName, out string? format) && format.StartsWith(ModelFormat.Family, StringComparison.Ordinal))
                throw new InvalidDataException("it is the content of a model or a checkpoint, whose weights may be protected; get them from the model with SegmentationWeights.Of.");
            TorchvisionWeights weights = TorchvisionWeights.Recognize(file.Entries);
            return new SegmentationWeights(
                weights.Network, weights.Backbone, weights.ClassCount, file.Metadata.ContainsKey(LockedMark),
                Read(weights.Entries.Select(item => (item.Parameter, item.Entry.Name)), (index, values) => file.Read(weights.Entries[index].Entry, values)));
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"'{path}' holds no weights that can be read: {exception.Message}", exception);
        }
    }

    /// <summary>A backbone alone, plain, of values from elsewhere.</summary>
    /// <param name="backbone">The backbone.</param>
    /// <param name="read">The values of each of its tensors, in the order of the shape.</param>
    /// <exception cref="InvalidDataException">A tensor has values that are not weights.</exception>
    internal static SegmentationWeights OfBackbone(Backbone backbone, Func<NetworkParameter, float[]> read)
    {
        NetworkParameter[] parameters = [.. TorchvisionWeights.ParametersOf(backbone).Values];
        return new SegmentationWeights(
            network: null, backbone, classCount: null, isLocked: false,
            Read(parameters.Select(parameter => (parameter, parameter.Name)), (index, values) => read(parameters[index]).CopyTo(values)));
    }

    /// <summary>
    /// The weights that a model runs with. Those of an unprotected or unlocked model are plain; those of a locked model are
    /// protected, as in its file. Nothing is copied.
    /// </summary>
    /// <remarks>A model that was trained on encrypted images (<c>Trainers.BlockwiseEncrypted</c>) has weights that read encrypted images only.</remarks>
    /// <param name="model">A segmentation model, or a chain of transformers with one.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model.</exception>
    /// <exception cref="InvalidOperationException">The model is sealed and locked; or it only scores (<see cref="SegmentationCatalog.ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public static SegmentationWeights Of(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        PermutedSegmentationTransformer segmenter = ModelChain.Split(model).Segmenter;
        segmenter.Model.ThrowIfClosed();
        using var use = segmenter.Model.Use();
        return new SegmentationWeights(
            segmenter.Network, segmenter.Backbone, segmenter.ClassNames.Count, !segmenter.IsUnlocked,
            use.Value.Network.State.ToDictionary(entry => entry.Key, entry => entry.Value.detach()));
    }

    /// <summary>
    /// Writes a safetensors file that PyTorch reads with <c>safetensors.torch.load_file</c>. An existing file is replaced once the
    /// new one is complete. Of an unlocked model these are the plain weights: anyone who has the file needs no key.
    /// </summary>
    /// <remarks>
    /// The names are those of torchvision's network without its auxiliary classifier, which is for training only, and so
    /// <c>fcn_resnet50(weights=None, weights_backbone=None, num_classes=...)</c> takes them with <c>load_state_dict(..., strict=True)</c>; one
    /// that was made with <c>aux_loss=True</c> takes them with <c>strict=False</c> and keeps its own auxiliary classifier. A backbone alone has
    /// the names of torchvision's residual network without <c>fc</c>, which also needs <c>strict=False</c>. Output stride, classes and image
    /// size are not in the file: torchvision's FCNs have output stride 8.
    /// </remarks>
    /// <param name="path">The file to write.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="ObjectDisposedException">The weights were disposed.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var use = Use();
        IReadOnlyDictionary<string, Tensor> state = use.Value;
        var tensors = TorchvisionWeights.ToFile([.. state.Keys], isWhole: Network is not null, Backbone);
        byte[] header = SafetensorsHeader.Write(
            tensors.Select(entry => entry.Name is { } name ? (entry.FileName, ElementType.Float32, state[name].shape) : (entry.FileName, ElementType.Int64, [])),
            IsLocked ? new Dictionary<string, string> { [LockedMark] = "true" } : []);
        WholeFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach ((_, string? name) in tensors)
            {
                if (name is null)
                    stream.Write(new byte[ElementType.Int64.Size()]);
                else
                    state[name].UseBytes(stream.Write);
            }
        });
    }

    /// <summary>Frees the native memory that no model shares.</summary>
    public void Dispose() => _state.Dispose();

    // read: fills in the values of the tensor with an index.
    private static Dictionary<string, Tensor> Read(IEnumerable<(NetworkParameter Parameter, string Name)> tensors, Action<int, Span<float>> read)
    {
        var state = new Dictionary<string, Tensor>();
        try
        {
            int index = 0;
            foreach ((NetworkParameter parameter, string name) in tensors)
            {
                state[parameter.Name] = TensorBytes.Create(parameter.Shape, values =>
                {
                    read(index, values);
                    if (WeightValues.FindProblem(name, parameter.Role, values) is { } problem)
                        throw new InvalidDataException(problem);
                });
                index++;
            }
            return state;
        }
        catch
        {
            Free(state);
            throw;
        }
    }

    private static void Free(IReadOnlyDictionary<string, Tensor> state)
    {
        foreach (Tensor tensor in state.Values)
            tensor.Dispose();
    }
}
