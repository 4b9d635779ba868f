using Workbench.Files;

namespace Workbench.Tables;

/// <summary>The folder of a run's results: models as they are finished, from which a stopped run goes on.</summary>
internal sealed class ResultFolder
{
    private const string SettingsFile = "settings.json", TrainingExtension = ".training.json";

    private readonly string _path;

    private ResultFolder(string path) => _path = path;

    /// <summary>Checks that the files of a run overwrite none but those of an earlier one.</summary>
    public static void Check(string path, IEnumerable<ModelPlan> plans, Outputs outputs, string option)
    {
        var folder = new ResultFolder(path);
        string[] files =
        [
            SettingsFile, "floors.json", "tables.json", "table-1.md", "table-1.csv", "table-2.md", "table-2.csv", "report.html",
            .. plans.SelectMany(plan => (string[])[".json", TrainingExtension, ".zip"], (plan, extension) => Path.Combine("models", plan.Name + extension)),
        ];
        var isOwn = File.Exists(folder.At(SettingsFile));
        foreach (var file in files)
            outputs.Add(option, folder.At(file), isOwn);
    }

    /// <summary>Opens the folder and writes the settings into it; makes it when missing.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="identity">How the results are made.</param>
    /// <param name="resume">Whether there may be results already; they must have been made in the same way.</param>
    /// <exception cref="InvalidDataException">The results there were made in another way.</exception>
    /// <exception cref="IOException">There are results, and they should not be resumed; or the folder cannot be written to.</exception>
    public static ResultFolder Open(string path, RunIdentity identity, bool resume)
    {
        var folder = new ResultFolder(path);
        var settings = folder.At(SettingsFile);
        if (File.Exists(settings))
        {
            if (!resume)
                throw new IOException($"'{path}' already has results; continue with --resume, or choose another folder.");
            var differences = identity.FindDifferences(MetricsJson.Read<RunIdentity>(settings));
            if (differences.Count > 0)
                throw new InvalidDataException($"The results in '{path}' were made with other settings: {string.Join("; ", differences)}. Choose another folder.");
        }
        try
        {
            // Also tells, before any training, whether the folder can be written to.
            folder.Write(SettingsFile, temporary => MetricsJson.Write(identity, temporary));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Cannot write to '{path}': {exception.Message}", exception);
        }
        return folder;
    }

    /// <summary>What the test and training masks alone are good for; null until a model has been tried.</summary>
    public Floors? Floors => Find<Floors>("floors.json");

    /// <summary>All finished models of this run and earlier ones, in the order of the tables.</summary>
    public IReadOnlyList<ModelResult> FinishedModels => !Directory.Exists(At("models")) ? [] :
    [
        .. Directory.GetFiles(At("models"), "*.json")
            .Where(file => !file.EndsWith(TrainingExtension, StringComparison.Ordinal))
            .Select(MetricsJson.Read<ModelResult>)
            .OrderBy(model => model.Method).ThenBy(model => model.BlockSize).ThenBy(model => model.FeatureMaps),
    ];

    /// <summary>The file of a trained model.</summary>
    public string ModelFile(string name) => At("models", name + ".zip");

    public bool IsFinished(ModelPlan plan) => File.Exists(At("models", plan.Name + ".json"));

    public TrainingResult? FindTraining(string name) =>
        File.Exists(ModelFile(name)) ? Find<TrainingResult>("models", name + TrainingExtension) : null;

    /// <summary>Stores a training and then its model, so that a model never lacks its training.</summary>
    public void SaveTraining(string name, TrainingResult training, Action<string> saveModel)
    {
        Write(Path.Combine("models", name + TrainingExtension), path => MetricsJson.Write(training, path));
        OutputFile.Write(ModelFile(name), overwrite: true, saveModel);
    }

    public void Save(Floors floors) => Write("floors.json", path => MetricsJson.Write(floors, path));

    public void Save(ModelResult model) => Write(Path.Combine("models", model.Name + ".json"), path => MetricsJson.Write(model, path));

    public void Write(string name, Action<string> write) => OutputFile.Write(At(name), overwrite: true, write);

    private string At(params string[] names) => Path.Combine([_path, .. names]);

    private T? Find<T>(params string[] names) where T : class => File.Exists(At(names)) ? MetricsJson.Read<T>(At(names)) : null;
}
