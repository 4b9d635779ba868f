using Microsoft.ML.PermutedSegmentation;

// Scores an image with an ONNX file and its key. Arguments: the folder of both, and the image's name there.
using var key = PermutationKey.Load(Path.Combine(args[0], "key.pem"));
using var segmenter = OnnxSegmenter.Load(Path.Combine(args[0], "model.onnx"), key);
using var image = ImageFile.Load(Path.Combine(args[0], args[1]));
byte[,] classes = segmenter.Segment(image);
Console.WriteLine(string.Join(" ", classes.Cast<byte>().CountBy(c => c).OrderBy(entry => entry.Key).Select(entry => $"{entry.Key + 1}:{entry.Value}")));
