using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Microsoft.ML.Runtime;

[assembly: SavedTransformer<MaskLoadingTransformer, MaskLoadingTransformer>(MaskLoadingTransformer.LoaderSignature)]

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Loads segmentation masks; made by <see cref="MaskLoadingEstimator"/>, which describes its columns.</summary>
/// <remarks>
/// Masks are needed to train and to evaluate only. Data without the column of file names passes through as it is, and no mask
/// column is added to it.
/// </remarks>
public sealed class MaskLoadingTransformer : SegmentationRowTransformer, ISavedTransformer<MaskLoadingTransformer>
{
    internal const string LoaderSignature = "SegmentationMaskLoader";

    private static readonly SavedFormat Format = new("SEGMASKL", LoaderSignature, typeof(MaskLoadingTransformer).Assembly.FullName!);

    private readonly string[] _classNames;
    private readonly ClassPalette _palette;

    internal MaskLoadingTransformer(IHostEnvironment environment,
        string outputColumnName, string? maskFolder, string inputColumnName, string[] classNames, ClassPalette palette)
        : base(environment, nameof(MaskLoadingTransformer), Format)
    {
        OutputColumnName = outputColumnName;
        MaskFolder = string.IsNullOrEmpty(maskFolder) ? null : maskFolder;
        InputColumnName = inputColumnName;
        _classNames = classNames;
        _palette = palette;
    }

    /// <summary>The folder that file names are relative to, which is stored with the transformer; null for none.</summary>
    public string? MaskFolder { get; }

    internal string OutputColumnName { get; }

    internal string SizeColumnName => OutputColumnName + ColumnNames.SizeSuffix;

    internal string InputColumnName { get; }

    internal FileNameColumn Input => new(InputColumnName, "mask");

    static SavedFormat ISavedTransformer<MaskLoadingTransformer>.Format => Format;

    static MaskLoadingTransformer ISavedTransformer<MaskLoadingTransformer>.Load(IHostEnvironment environment, TransformerReader reader)
    {
        string output = reader.ReadText();
        string input = reader.ReadText();
        string? folder = reader.ReadOptionalText();
        var names = new string[reader.Binary.ReadByte()];
        for (int i = 0; i < names.Length; i++)
            names[i] = reader.ReadText();
        var voidColor = ReadColor(reader.Binary);
        var colors = new (byte, byte, byte)[reader.Binary.ReadByte()];
        for (int i = 0; i < colors.Length; i++)
            colors[i] = ReadColor(reader.Binary);
        return ClassNameList.FindProblem(names) is { } problem
            ? throw Damaged(problem)
            : new MaskLoadingTransformer(environment, output, folder, input, names, MakePalette(colors, voidColor, names.Length));
    }

    private static ClassPalette MakePalette((byte, byte, byte)[] colors, (byte, byte, byte) voidColor, int classCount)
    {
        if (colors.Length < classCount)
            throw Damaged($"There are {colors.Length} colors for {classCount} classes.");
        try
        {
            return ClassPalette.FromColors(colors, voidColor);
        }
        catch (ArgumentException exception)
        {
            throw Damaged(exception.Message);
        }
    }

    private static InvalidDataException Damaged(string problem) => new($"The saved {nameof(MaskLoadingTransformer)} is damaged: {problem}");

    private protected override void Save(TransformerWriter writer)
    {
        writer.WriteText(OutputColumnName);
        writer.WriteText(InputColumnName);
        writer.WriteOptionalText(MaskFolder);
        writer.Binary.Write((byte)_classNames.Length);
        foreach (string name in _classNames)
            writer.WriteText(name);
        WriteColor(writer.Binary, _palette.VoidColor);
        writer.Binary.Write((byte)_palette.Count);
        for (int i = 0; i < _palette.Count; i++)
            WriteColor(writer.Binary, _palette[i]);
    }

    private protected override IColumnMaker MakeColumns(DataViewSchema inputSchema) => new ColumnMaker(this, inputSchema);

    private static (byte, byte, byte) ReadColor(BinaryReader reader) => (reader.ReadByte(), reader.ReadByte(), reader.ReadByte());

    private static void WriteColor(BinaryWriter writer, (byte Red, byte Green, byte Blue) color) =>
        writer.Write([color.Red, color.Green, color.Blue]);

    private sealed class ColumnMaker : IColumnMaker
    {
        private const int MaskColumn = 0;
        private const int SizeColumn = 1;

        private readonly MaskLoadingTransformer _parent;
        private readonly DataViewSchema.Column? _input;

        public ColumnMaker(MaskLoadingTransformer parent, DataViewSchema inputSchema) => (_parent, _input) = (parent, parent.Input.Find(inputSchema, nameof(inputSchema)));

        public DataViewSchema.DetachedColumn[] GetOutputColumns() => _input is null ? [] :
        [
            new(_parent.OutputColumnName, new VectorDataViewType(new KeyDataViewType(typeof(byte), _parent._classNames.Length)),
                ClassNameAnnotation.Of(_parent._classNames)),
            new(_parent.SizeColumnName, new VectorDataViewType(NumberDataViewType.Int32, 2)),
        ];

        public Func<int, bool> GetDependencies(Func<int, bool> activeOutput) =>
            column => column == _input?.Index && (activeOutput(MaskColumn) || activeOutput(SizeColumn));

        public Delegate?[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action? disposer)
        {
            disposer = null;
            if (_input is not { } column)
                return [];
            var getters = new Delegate?[2];
            if (!activeOutput(MaskColumn) && !activeOutput(SizeColumn))
                return getters;
            var mask = new RowMask(input, input.Schema[column.Index], _parent.MaskFolder,
                activeOutput(MaskColumn) ? new MaskReader(_parent._classNames, _parent._palette) : null);
            if (activeOutput(MaskColumn))
                getters[MaskColumn] = (ValueGetter<VBuffer<byte>>)mask.GetKeyValues;
            if (activeOutput(SizeColumn))
                getters[SizeColumn] = (ValueGetter<VBuffer<int>>)mask.GetSize;
            return getters;
        }
    }
}
