using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

[assembly: SavedTransformer<ImageFileLoadingTransformer, ImageFileLoadingTransformer>(ImageFileLoadingTransformer.LoaderSignature)]

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Loads pictures as <see cref="ImageFile"/> reads them; made by <see cref="ImageFileLoadingEstimator"/>.</summary>
public sealed class ImageFileLoadingTransformer : SegmentationRowTransformer, ISavedTransformer<ImageFileLoadingTransformer>
{
    internal const string LoaderSignature = "SegmentationImageLoader";

    private static readonly SavedFormat Format = new("SEGIMAGL", LoaderSignature, typeof(ImageFileLoadingTransformer).Assembly.FullName!);

    internal ImageFileLoadingTransformer(
        IHostEnvironment environment, string outputColumnName, string? imageFolder, string inputColumnName, ImageOrientation orientation)
        : base(environment, nameof(ImageFileLoadingTransformer), Format)
    {
        OutputColumnName = outputColumnName;
        ImageFolder = string.IsNullOrEmpty(imageFolder) ? null : imageFolder;
        InputColumnName = inputColumnName;
        Orientation = orientation;
    }

    /// <summary>The folder that relative file names start from, which is stored with the transformer; null for none.</summary>
    public string? ImageFolder { get; }

    /// <summary>How pictures that are stored turned are read.</summary>
    public ImageOrientation Orientation { get; }

    /// <summary>The column of the images.</summary>
    public string OutputColumnName { get; }

    /// <summary>The column with the file names.</summary>
    public string InputColumnName { get; }

    internal FileNameColumn Input => new(InputColumnName, "image");

    static SavedFormat ISavedTransformer<ImageFileLoadingTransformer>.Format => Format;

    static ImageFileLoadingTransformer ISavedTransformer<ImageFileLoadingTransformer>.Load(IHostEnvironment environment, TransformerReader reader)
    {
        string output = reader.ReadText();
        string input = reader.ReadText();
        string? folder = reader.ReadOptionalText();
        var orientation = (ImageOrientation)reader.Binary.ReadByte();
        if (!Enum.IsDefined(orientation))
            throw new InvalidDataException($"The saved {nameof(ImageFileLoadingTransformer)} is damaged: there is no orientation {(int)orientation}.");
        return new ImageFileLoadingTransformer(environment, output, folder, input, orientation);
    }

    private protected override void Save(TransformerWriter writer)
    {
        writer.WriteText(OutputColumnName);
        writer.WriteText(InputColumnName);
        writer.WriteOptionalText(ImageFolder);
        writer.Binary.Write((byte)Orientation);
    }

    private protected override IColumnMaker MakeColumns(DataViewSchema inputSchema) => new ColumnMaker(this, inputSchema);

    private MLImage Load(string fileName, long row) => string.IsNullOrWhiteSpace(fileName)
        ? throw new InvalidDataException($"Row {row} has no image file name in its column '{InputColumnName}'.")
        : ImageFile.Load(ImageFolder is null ? fileName : Path.Combine(ImageFolder, fileName), Orientation);

    private sealed class ColumnMaker : IColumnMaker
    {
        private readonly ImageFileLoadingTransformer _parent;
        private readonly DataViewSchema.Column _input;

        public ColumnMaker(ImageFileLoadingTransformer parent, DataViewSchema inputSchema) =>
            (_parent, _input) = (parent, parent.Input.Require(inputSchema, nameof(inputSchema)));

        public DataViewSchema.DetachedColumn[] GetOutputColumns() =>
            [new(_parent.OutputColumnName, new ImageDataViewType(), ImageColumn.OwnedAnnotation)];

        public Func<int, bool> GetDependencies(Func<int, bool> activeOutput) => column => column == _input.Index && activeOutput(0);

        public Delegate?[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action? disposer)
        {
            disposer = null;
            if (!activeOutput(0))
                return new Delegate?[1];
            var getName = input.GetGetter<ReadOnlyMemory<char>>(_input);
            return [(ValueGetter<MLImage>)((ref MLImage image) =>
            {
                ReadOnlyMemory<char> name = default;
                getName(ref name);
                // As with ML.NET's own image transforms, who asks for the next image gives the last one back.
                image?.Dispose();
                image = null!;
                image = _parent.Load(name.ToString(), input.Position);
            })];
        }
    }
}
