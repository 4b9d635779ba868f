using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Microsoft.ML.Runtime;
using Workbench.Files;

namespace Workbench;

/// <summary>Steps that several commands share.</summary>
internal static class Steps
{
    /// <summary>Prints the library's warnings to the error stream.</summary>
    public static MLContext WithWarnings(this MLContext mlContext)
    {
        mlContext.Log += (_, message) =>
        {
            if (message.Kind == ChannelMessageKind.Warning)
                Warn(message.RawMessage);
        };
        return mlContext;
    }

    /// <summary>Reads a key file; says so when others can read it too.</summary>
    public static PermutationKey LoadKey(string path) => PermutationKey.Load(path, Warn);

    /// <summary>The list that an option names, or else the data's obvious one.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static string ListOr(this SegmentationData data, string? given, string? standard, string option) => given ?? standard
        ?? throw new InvalidDataException($"{option} is needed: '{data.Path}' has the lists {string.Join(", ", data.Lists)}.");

    /// <summary>Reads the masks of a data set's rows into the column Label.</summary>
    public static IDataView LoadMasks(this MLContext mlContext, IDataView rows, SegmentationData data) => mlContext.Segmentation().Transforms
        .LoadMasks("Label", null, "MaskPath", data.ClassNames, data.Palette)
        // A model that was saved with its own LoadMasks leaves this column Label alone when there are no mask files.
        .Append(mlContext.Transforms.DropColumns("MaskPath")).Fit(rows).Transform(rows);

    /// <summary>Loads a model, and unlocks it when there is a key, which has to be the right one.</summary>
    public static ITransformer LoadModel(this MLContext mlContext, string path, string? keyPath)
    {
        var model = mlContext.LoadModelFile(path, out _);
        if (keyPath is null)
        {
            if ((model as IEnumerable<ITransformer> ?? [model]).OfType<PermutedSegmentationTransformer>().Any(network => network.IsSealed))
                throw new InvalidOperationException($"'{path}': This model is sealed: without its key it does not run.");
            return model;
        }
        using var locked = model as IDisposable;
        using var key = LoadKey(keyPath);
        return Naming(path, () => mlContext.Segmentation().Unlock(model, key, verify: true));
    }

    /// <summary>Writes the model of a file, changed, to another file.</summary>
    /// <param name="path">The file: of ML.NET, or ONNX.</param>
    /// <param name="output">The other file.</param>
    /// <param name="outputs">Whether it may replace one.</param>
    /// <param name="change">Changes a model of ML.NET.</param>
    /// <param name="changeOnnx">Writes an ONNX file from another, and may replace one if told so.</param>
    public static void ChangeModel(
        string path, string output, Outputs outputs, Func<SegmentationCatalog, ITransformer, ITransformer> change, Action<string, string, bool> changeOnnx)
    {
        if (SegmentationFile.KindOf(path) == SegmentationFileKind.Onnx)
        {
            // Tensors that lie beside the model go there.
            if (File.Exists(RealPath.Of(output) + ".data"))
                outputs.Add("--out", output + ".data");
            OutputFile.WriteByItself(output, target => changeOnnx(path, target, outputs.MayReplace));
            return;
        }
        var mlContext = new MLContext().WithWarnings();
        var model = mlContext.LoadModelFile(path, out var schema);
        model = Naming(path, () => change(mlContext.Segmentation(), model));
        outputs.Write(output, temporary => mlContext.Model.Save(model, schema, temporary));
    }

    /// <summary>The weights of a model file, unlocked when there is a key.</summary>
    public static SegmentationWeights LoadWeights(this MLContext mlContext, string path, string? keyPath)
    {
        var model = mlContext.LoadModel(path, keyPath);
        using var _ = model as IDisposable;
        try
        {
            return SegmentationWeights.Of(model);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"'{path}' holds no segmentation model.", exception);
        }
    }

    /// <summary>The weights that a training starts from: those of a model that needs no key, or of a safetensors file.</summary>
    public static SegmentationWeights LoadInitialWeights(string path)
    {
        SegmentationFile.Require(path, SegmentationFileKind.Weights, SegmentationFileKind.Model);
        return SegmentationFile.KindOf(path) == SegmentationFileKind.Weights
            ? SegmentationWeights.Load(path)
            : new MLContext().LoadWeights(path, keyPath: null);
    }

    /// <summary>Loads a model as it is in its file, and the columns of the rows that it was made for (null when not stored).</summary>
    public static ITransformer LoadModelFile(this MLContext mlContext, string path, out DataViewSchema? schema)
    {
        SegmentationFile.Require(path, SegmentationFileKind.Model);
        try
        {
            return mlContext.Model.Load(path, out schema);
        }
        // What ML.NET and the library say of a damaged file does not name it. Chains wrap it once for each of theirs.
        catch (Exception exception) when (exception is FormatException or InvalidDataException or InvalidOperationException or TargetInvocationException or FileLoadException)
        {
            var cause = exception;
            while (cause is TargetInvocationException { InnerException: { } inner })
                cause = inner;
            throw new InvalidDataException($"'{path}' is not a model file, or it is damaged: {cause.Message}", exception);
        }
    }

    /// <summary>What a step makes of the model of a file; a refusal names the file, which the library's own does not.</summary>
    public static T Naming<T>(string path, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidOperationException($"'{path}': {exception.Message}", exception);
        }
    }

    public static void Warn(string message) => Printable.WriteError($"warning: {message}");
}
