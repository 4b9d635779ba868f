using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Declares a loader of this assembly to ML.NET, which looks for such attributes when it loads a model.</summary>
/// <param name="name">The <see cref="SavedFormat.Loader"/> of what it loads.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class SavedTransformerAttribute<T, TLoader>(string name)
    : LoadableClassAttributeBase("", typeof(T), typeof(SavedTransformerAttribute<T, TLoader>.Factory), null, [typeof(SignatureLoadModel)], "", name)
    where T : class, ITransformer
    where TLoader : ISavedTransformer<T>
{
    private static class Factory
    {
        // Found by its name and its parameters.
        private static T Create(IHostEnvironment environment, ModelLoadContext context)
        {
            TLoader.Format.Check(context);
            return TLoader.Load(environment, new TransformerReader(context));
        }
    }
}
