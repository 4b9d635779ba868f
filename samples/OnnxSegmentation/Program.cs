using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

// Segments an image with a model from 'permseg export-onnx', with ONNX Runtime: there is no libtorch in this program's folder.
if (args is not [var modelPath, var keyPath, var imagePath, var maskPath])
{
    Console.Error.WriteLine("usage: OnnxSegmentation model.onnx key.pem image.jpg mask.png");
    return 2;
}

// Whatever it is, perhaps the image or the key by another name.
if (Path.Exists(maskPath))
{
    Console.Error.WriteLine($"error: '{maskPath}' already exists.");
    return 1;
}

try
{
    using var key = PermutationKey.Load(keyPath);
    using var segmenter = OnnxSegmenter.Load(modelPath, key);
    using var image = ImageFile.Load(imagePath);

    byte[,] classes = segmenter.Segment(image);

    MaskFile.Save(maskPath, MaskLabels.ToKeyValues(classes), classes.GetLength(0), classes.GetLength(1));
    foreach (var (index, count) in classes.Cast<byte>().CountBy(c => c).OrderByDescending(entry => entry.Value))
        Console.WriteLine($"{(double)count / classes.Length,6:P1}  {segmenter.ClassNames[index]}");
    return 0;
}
catch (Exception exception)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 1;
}
