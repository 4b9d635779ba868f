using System.CommandLine;
using System.Globalization;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Commands;

/// <summary><c>data</c>: says what a data set is and, with --check, reads all of it and says what is wrong.</summary>
internal static class DataCommand
{
    private const int MostSizes = 10;

    public static Command Create()
    {
        var data = new DataOptions();
        var check = new Option<bool>("--check") { Description = "Reads every image and mask, and reports sizes, classes, void and every file with a problem." };
        var command = new DetailedCommand("data", "Says what layout a data set has and, with --check, what is wrong with it.", """
            With --check, problems that would stop a training are listed as errors, all others as warnings,
            and the exit code is 1 if there are errors.

            Example:
              permseg data --data photos --check
            """)
        { check };
        data.AddTo(command);

        command.Does((result, _, cancellationToken) =>
        {
            using var folder = data.Open(result);
            Printable.WriteLine($"Layout   {folder.Description}");
            Printable.WriteLine($"Classes  {string.Join(", ", folder.ClassNames)}");
            if (!result.GetValue(check))
                return 0;
            SegmentationDataReport? report = null;
            CountedWork.Run("images", tell => report = folder.Check(new Reporter<(int Done, int Total)>(progress => tell(progress.Done, progress.Total)), cancellationToken));
            foreach (var line in Describe(report!))
                Printable.WriteLine(line);
            return Tell(report!.Problems);
        });
        return command;
    }

    private static int Tell(IReadOnlyList<SegmentationDataProblem> problems)
    {
        foreach (var problem in problems)
            Printable.WriteError($"{(problem.StopsTraining ? "error" : "warning")}: {problem.Message}");
        var errors = problems.Count(problem => problem.StopsTraining);
        Printable.WriteLine(problems.Count == 0 ? "No problems." : $"{errors} errors and {problems.Count - errors} warnings; they are on the error stream.");
        return errors == 0 ? 0 : 1;
    }

    private static IEnumerable<string> Describe(SegmentationDataReport report)
    {
        yield return $"Lists    {string.Join(", ", report.Lists.Select(list => $"{list.Name} ({list.Images} images)"))}";
        var sizes = report.ImageSizes.Take(MostSizes).Select(size => $"{size.Width}x{size.Height} ({size.Images} images)");
        yield return $"Sizes    {string.Join(", ", sizes)}{(report.ImageSizes.Count > MostSizes ? $", and {report.ImageSizes.Count - MostSizes} more" : "")}, width x height";
        yield return $"{"Class",5}  {"",-20} {"pixels",15} {"share",8} {"images",7}";
        for (var k = 0; k < report.Classes.Count; k++)
        {
            var (name, pixels, images) = report.Classes[k];
            yield return string.Create(CultureInfo.InvariantCulture, $"{k,5}  {name,-20} {pixels,15:N0} {Share(pixels, report),8:P2} {images,7}");
        }
        yield return string.Create(CultureInfo.InvariantCulture, $"{"void",5}  {"",-20} {report.VoidPixels,15:N0} {Share(report.VoidPixels, report),8:P2}");
    }

    private static double Share(long pixels, SegmentationDataReport report) => report.Pixels == 0 ? 0 : (double)pixels / report.Pixels;
}
