using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;

namespace Library;

public static class Exporter
{
    public static string Export(string model, string onnx)
    {
        var mlContext = new MLContext();
        using (var file = File.Create(onnx))
            mlContext.Segmentation().ExportToOnnx(mlContext.Model.Load(model, out _), file);
        using var pretrained = PretrainedBackbone.ResNet18();
        return $"exported; {pretrained.Backbone} is there";
    }
}
