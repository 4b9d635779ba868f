using System.Reflection;
using Microsoft.ML.TorchSharp.NasBert;
using Microsoft.ML.TorchSharp.Roberta;
using static TorchSharp.torch;

namespace PublicTests.TorchTrainers;

/// <summary>
/// Stands in for the pretrained weights that ML.NET's torch trainers download when they fit: they take a file that lies in
/// their folder already. Its networks are internal, and are reached by reflection.
/// </summary>
internal static class RandomWeights
{
    /// <summary>For the object detector, whose file may lack tensors: this one lacks all, so the network keeps those it was made with.</summary>
    public static void ForObjectDetection(TempFolder folder) => folder.Write("mlnet/autoformer_11m_torchsharp.bin", [0]);

    /// <summary>For the trainers of sentences, whose file must have every tensor of the encoder.</summary>
    /// <param name="folder">The context's <see cref="MLContext.TempFilePath"/>.</param>
    /// <param name="network">The trainer's network.</param>
    /// <param name="file">The name of its pretrained weights.</param>
    /// <param name="options">The trainer's options.</param>
    public static void ForSentences(TempFolder folder, string network, string file, NasBertTrainer.NasBertOptions options)
    {
        using nn.Module model = Create(network, options, classes: 2);
        using var encoder = (nn.Module)model.GetType().GetMethod("GetEncoder")!.Invoke(model, null)!;
        encoder.save(folder.Write($"mlnet/{file}", []));
    }

    /// <summary>The network of question answering, with its own first weights.</summary>
    public static nn.Module<Tensor, Tensor, Tensor> CreateForQuestions() =>
        (nn.Module<Tensor, Tensor, Tensor>)Activator.CreateInstance(TypeOf("RobertaModelForQA"), new QATrainer.Options())!;

    /// <summary>The object detector's network as ML.NET makes it.</summary>
    public static nn.Module CreateObjectDetector(int classes) =>
        (nn.Module)Activator.CreateInstance(
            TypeOf("AutoFormerV2"),
            classes, new List<int> { 64, 128, 256, 448 }, new List<int> { 2, 2, 6, 2 }, new List<int> { 2, 4, 8, 14 }, CPU)!;

    private static nn.Module<Tensor, Tensor, Tensor> Create(string network, NasBertTrainer.NasBertOptions options, int classes)
    {
        object tokenizer = TypeOf("TokenizerExtensions").GetMethod("GetInstance", BindingFlags.Static | BindingFlags.NonPublic)!.Invoke(null, [null])!;
        return (nn.Module<Tensor, Tensor, Tensor>)Activator.CreateInstance(TypeOf(network), options, Number("PadIndex"), Number("SymbolsCount"), classes)!;

        int Number(string property) => (int)tokenizer.GetType().GetProperty(property)!.GetValue(tokenizer)!;
    }

    private static Type TypeOf(string name) => typeof(NasBertTrainer).Assembly.GetTypes().Single(type => type.Name == name);
}
