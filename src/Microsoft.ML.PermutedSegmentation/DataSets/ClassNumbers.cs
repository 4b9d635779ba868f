namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>
/// The names of a data set's objects as classes: what no object covers is the background, class 0. A name of the list that says so is
/// taken for it.
/// </summary>
internal sealed class ClassNumbers
{
    private const string Background = "background";

    private readonly IReadOnlyList<string> _objects;
    private readonly int _background;

    /// <param name="objects">The names in their order.</param>
    /// <param name="source">The file, for messages.</param>
    /// <exception cref="InvalidDataException">They are no 2 to 255 different names, background included.</exception>
    public ClassNumbers(IReadOnlyList<string> objects, string source)
    {
        _objects = objects;
        _background = objects.ToList().FindIndex(IsBackground);
        string[] names = [_background < 0 ? Background : objects[_background], .. objects.Where((_, i) => i != _background)];
        if (ClassNameList.FindProblem(names) is { } problem)
            throw new InvalidDataException($"'{source}': {problem}");
        Classes = new ClassList(names, ClassPalette.Voc);
    }

    public ClassList Classes { get; }

    /// <summary>How many names there are.</summary>
    public int ObjectCount => _objects.Count;

    /// <summary>The index of a name; null when it is none.</summary>
    public int? IndexOf(string name) => Enumerable.Range(0, _objects.Count).Where(i => _objects[i] == name).Cast<int?>().FirstOrDefault();

    /// <summary>The class of the name at an index.</summary>
    public byte this[int index] => (byte)(index == _background ? 0 : _background >= 0 && index > _background ? index : index + 1);

    /// <summary>All names in their order, each with its class.</summary>
    public override string ToString() => string.Join('\n', _objects.Select((name, i) => $"{this[i]} {name}"));

    private static bool IsBackground(string name) => name.Trim('_').Equals(Background, StringComparison.OrdinalIgnoreCase);
}
