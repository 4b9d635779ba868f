using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>
/// A transformer of this library that adds columns to each row by itself. It is public because those that derive from it are; only
/// packages of this library can.
/// </summary>
public abstract class SegmentationRowTransformer : RowToRowTransformerBase
{
    private readonly SavedFormat _format;

    private protected SegmentationRowTransformer(IHostEnvironment environment, string name, SavedFormat format)
        : base(environment.Register(name)) => _format = format;

    private protected IHost OwnHost => Host;

    private protected abstract IColumnMaker MakeColumns(DataViewSchema inputSchema);

    private protected abstract void Save(TransformerWriter writer);

    private protected sealed override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, MakeColumns(schema));

    private protected sealed override void SaveModel(ModelSaveContext ctx)
    {
        _format.Write(ctx);
        Save(new TransformerWriter(ctx));
    }

    private sealed class Mapper(SegmentationRowTransformer parent, IColumnMaker columns) : IRowMapper
    {
        public DataViewSchema.DetachedColumn[] GetOutputColumns() => columns.GetOutputColumns();

        public Func<int, bool> GetDependencies(Func<int, bool> activeOutput) => columns.GetDependencies(activeOutput);

        public Delegate?[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action? disposer) =>
            columns.CreateGetters(input, activeOutput, out disposer);

        public ITransformer GetTransformer() => parent;

        void ICanSaveModel.Save(ModelSaveContext ctx) => parent.SaveModel(ctx);
    }
}
