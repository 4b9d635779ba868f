namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How a data set lies in its folder; docs/data.md says how each one is recognised.</summary>
public enum SegmentationLayout
{
    /// <summary>PASCAL VOC: JPEGImages, SegmentationClass and lists in ImageSets/Segmentation.</summary>
    PascalVoc,

    /// <summary>CVAT's "Segmentation mask": PASCAL VOC with labelmap.txt.</summary>
    Cvat,

    /// <summary>Cityscapes: leftImg8bit and gtFine.</summary>
    Cityscapes,

    /// <summary>The ADE20K challenge: images and annotations, each with training and validation.</summary>
    Ade20K,

    /// <summary>COCO: JSON files of annotations as polygons, run lengths or panoptic segments.</summary>
    Coco,

    /// <summary>YOLO: text files of polygons in relative coordinates.</summary>
    Yolo,

    /// <summary>labelme: a JSON file of shapes for each image.</summary>
    Labelme,

    /// <summary>A folder of images and a folder of masks.</summary>
    ImagesAndMasks,
}
