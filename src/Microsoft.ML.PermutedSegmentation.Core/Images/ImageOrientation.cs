namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How a picture is read if its file says that it is stored turned or mirrored (EXIF 2.32, tag 0x0112, Orientation).</summary>
public enum ImageOrientation
{
    /// <summary>As viewers and labelling tools show it: rows and columns are put in their places.</summary>
    Upright,

    /// <summary>As stored, whatever the file says: for masks that were drawn on the stored picture.</summary>
    AsStored,
}
