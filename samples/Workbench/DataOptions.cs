using System.CommandLine;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench;

/// <summary>The options that say where a data set is and how it is read, which several commands have.</summary>
internal sealed class DataOptions
{
    private readonly PathOption _data = new("--data", FileRole.DataSet)
    {
        HelpName = "DIR",
        Description = "The data set: a folder in the layout of PASCAL VOC, CVAT, labelme, COCO, YOLO, Cityscapes or ADE20K, or with a folder of images and one of masks. What it is, is found out.",
        Required = true,
    };

    private readonly Option<bool> _binaryMasks = new("--binary-masks") { Description = "The masks are black and white: 255 is class 1, not void." };
    private readonly Option<bool> _asStored = CommonOptions.AsStored();
    private readonly PathOption _maskFolder = new("--mask-folder", FileRole.OutputFolder) { HelpName = "DIR", Description = "Keeps masks that are made from polygons or run lengths in this folder, for the next time. [default: a temporary folder]" };
    private readonly Option<int> _splitSeed = new("--split-seed") { HelpName = "N", Description = "Chooses the images of val where the data has no split.", DefaultValueFactory = _ => 1 };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_data, _binaryMasks, _asStored, _maskFolder, _splitSeed])
            command.Options.Add(option);
    }

    /// <summary>Whether masks are black and white, and images read as stored: what changes with these options.</summary>
    public (bool BinaryMasks, bool AsStored) HowRead(ParseResult result) => (result.GetValue(_binaryMasks), result.GetValue(_asStored));

    /// <summary>Opens the data set; the caller disposes it.</summary>
    public SegmentationData Open(ParseResult result)
    {
        var data = SegmentationData.Open(
            result.GetRequiredValue(_data),
            result.GetValue(_binaryMasks) ? ClassPalette.Binary : null,
            result.GetValue(_asStored) ? ImageOrientation.AsStored : ImageOrientation.Upright,
            result.GetValue(_maskFolder),
            result.GetValue(_splitSeed));
        OutputFile.DisposeAtEnd(data);
        return data;
    }
}
