using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Tables;

/// <summary>The images that models are trained and tried on.</summary>
/// <param name="Folder">Where they are.</param>
/// <param name="Train">Rows of files to train on.</param>
/// <param name="Test">Rows of files to try models on.</param>
/// <param name="Summary">What the tables say of them.</param>
/// <param name="ListsDigest">Changes with any name in the lists, and with how masks are read.</param>
internal sealed record TablesData(SegmentationData Folder, IDataView Train, IDataView Test, DataSummary Summary, string ListsDigest)
{
    /// <summary>Reads both lists and checks that all files are there.</summary>
    public static TablesData Of(SegmentationData folder, (bool BinaryMasks, bool AsStored) howRead, string trainList, string testList)
    {
        var (binaryMasks, asStored) = howRead;
        var mlContext = new MLContext().WithWarnings();
        IDataView train = folder.Load(mlContext, trainList), test = folder.Load(mlContext, testList);
        string[] trainNames = [.. train.GetColumn<string>("Name")], testNames = [.. test.GetColumn<string>("Name")];
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder.Path));
        var summary = new DataSummary(name, trainList, trainNames.Length, testList, testNames.Length, folder.ClassNames);
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', [.. trainNames, "", .. testNames, .. binaryMasks ? ["", "binary"] : Array.Empty<string>(), .. asStored ? ["", "as stored"] : Array.Empty<string>()])));
        return new TablesData(folder, train, test, summary, Convert.ToHexStringLower(digest));
    }
}
