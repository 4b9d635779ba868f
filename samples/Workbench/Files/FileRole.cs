namespace Workbench.Files;

/// <summary>What a command does with the file or folder that an option names.</summary>
internal enum FileRole
{
    /// <summary>Reads the file.</summary>
    Input,

    /// <summary>Reads the folder of a data set.</summary>
    DataSet,

    /// <summary>Reads the image, or all images of the folder.</summary>
    Images,

    /// <summary>Writes the file.</summary>
    Output,

    /// <summary>Writes files to the folder, which the command tells to <see cref="Outputs"/>.</summary>
    OutputFolder,
}
