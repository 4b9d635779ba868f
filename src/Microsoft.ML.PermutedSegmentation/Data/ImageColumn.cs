using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>A column of images, as <c>LoadImages</c> makes it, and what tells where a row's image comes from.</summary>
internal sealed class ImageColumn
{
    private const string OwnedKind = "IsReadByLibrary";

    private readonly DataViewSchema.Column _images;
    private readonly DataViewSchema.Column[] _texts;

    private ImageColumn(DataViewSchema.Column images, DataViewSchema.Column[] texts) => (_images, _texts) = (images, texts);

    /// <summary>What our own LoadImages says of its column: nobody else holds its images.</summary>
    public static DataViewSchema.Annotations OwnedAnnotation { get; } = CreateOwnedAnnotation();

    public string Name => _images.Name;

    public int Index => _images.Index;

    /// <summary>The columns a cursor needs. Those of text are read only when an image cannot be: one of them has the file's name.</summary>
    public IEnumerable<DataViewSchema.Column> Columns => [_images, .. _texts];

    /// <summary>Finds the column.</summary>
    /// <param name="schema">The columns there are.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="parameter">The argument or option that the rows came by.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such column, or not of images.</exception>
    public static ImageColumn Find(DataViewSchema schema, string name, string parameter = "input")
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name)
            ?? throw new ArgumentOutOfRangeException(parameter, name, $"There is no column '{name}'. A column of images is needed, as mlContext.Segmentation().Transforms.LoadImages or mlContext.Transforms.LoadImages makes it. (ML.NET's cache, AppendCacheCheckpoint or mlContext.Data.Cache, leaves columns of images out: put it before LoadImages, or do without it.)");
        if (column.Type is not ImageDataViewType)
            throw new ArgumentOutOfRangeException(parameter, name, $"Column '{name}' has type {column.Type}; an Image is needed, as mlContext.Transforms.LoadImages makes it.");
        return new ImageColumn(column, [.. schema.Where(other => other.Type is TextDataViewType && !other.IsHidden)]);
    }

    public Reader CreateReader(DataViewRow row) => new(this, row);

    private static DataViewSchema.Annotations CreateOwnedAnnotation()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(OwnedKind, BooleanDataViewType.Instance, (ref bool value) => value = true);
        return builder.ToAnnotations();
    }

    /// <summary>Reads the image of a cursor's current row.</summary>
    internal sealed class Reader : IDisposable
    {
        private readonly ImageColumn _column;
        private readonly DataViewRow _row;
        private readonly ValueGetter<MLImage> _get;
        private readonly ValueGetter<ReadOnlyMemory<char>>[] _texts;
        private MLImage _loaded = null!;
        private MLImage? _readAgain;

        public Reader(ImageColumn column, DataViewRow row)
        {
            (_column, _row) = (column, row);
            _get = row.GetGetter<MLImage>(column._images);
            _texts = [.. column._texts.Select(row.GetGetter<ReadOnlyMemory<char>>)];
        }

        /// <summary>The row's image, upright and with straight colors, valid until the next call.</summary>
        /// <exception cref="InvalidDataException">There is none, or it cannot be read; the message names the file where that is known.</exception>
        public MLImage Read()
        {
            _readAgain?.Dispose();
            _readAgain = null;
            try
            {
                _get(ref _loaded);
            }
            // What ML.NET throws for bytes that are no image.
            catch (ArgumentException exception)
            {
                _loaded = null!; // the last row's is not to speak for this one
                CheckFiles();
                throw new InvalidDataException($"{DescribeRow()}: the image of column '{_column.Name}' cannot be decoded.", exception);
            }
            if (_loaded is null)
                throw new InvalidDataException($"{DescribeRow()}: column '{_column.Name}' has no image.");
            _readAgain = LoadedImage.ReadAgain(_loaded);
            MLImage image = _readAgain ?? _loaded;
            if (!RgbPixels.HasStraightColors(image))
                throw new InvalidDataException($"{DescribeRow()}: the image of column '{_column.Name}' is transparent or incomplete, and its colors are multiplied by their transparency. Read it with mlContext.Segmentation().Transforms.LoadImages or ImageFile.Load, which keep colors as they are, or make it opaque.");
            return image;
        }

        /// <summary>What <see cref="Read"/> gave last.</summary>
        public MLImage Current => _readAgain ?? _loaded;

        /// <summary>Which row it is, counted from 0, and the file of its image where that is known: for messages.</summary>
        public string DescribeRow()
        {
            string[] files = string.IsNullOrEmpty(_loaded?.Tag) ? [.. ImageNames()] : [_loaded.Tag];
            return $"Row {_row.Position}{string.Concat(files.Select(file => $", '{file}'"))}";
        }

        /// <summary>Frees the current row's image, if nobody else holds it.</summary>
        public void Release()
        {
            _readAgain?.Dispose();
            if (_column._images.Annotations.Schema.GetColumnOrNull(OwnedKind) is not null)
                _loaded?.Dispose();
        }

        /// <inheritdoc/>
        public void Dispose() => Release();

        // Finds the reason, and the file, that ML.NET does not tell.
        private void CheckFiles()
        {
            foreach (string path in ImageNames().Where(File.Exists))
                ImageFile.Load(path).Dispose();
        }

        private IEnumerable<string> ImageNames() => _texts.Select(ValueOf).Where(IsImageName);

        private static string ValueOf(ValueGetter<ReadOnlyMemory<char>> get)
        {
            ReadOnlyMemory<char> value = default;
            get(ref value);
            return value.ToString();
        }

        private static bool IsImageName(string text) =>
            Path.GetExtension(text.AsSpan()) is var extension && (extension.Equals(".jpg", StringComparison.OrdinalIgnoreCase)
                || extension.Equals(".jpeg", StringComparison.OrdinalIgnoreCase) || extension.Equals(".png", StringComparison.OrdinalIgnoreCase));
    }
}
