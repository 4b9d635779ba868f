using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Declares a transformer of this assembly to ML.NET, which looks for such attributes when it loads a model.</summary>
/// <param name="loader">The transformer's <see cref="SavedFormat.Loader"/>.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class SavedTransformerAttribute<T>(string loader)
    : LoadableClassAttributeBase("", typeof(T), typeof(SavedTransformerAttribute<T>.Factory), null, [typeof(SignatureLoadModel)], "", loader)
    where T : class, ITransformer, ISavedTransformer<T>
{
    private static class Factory
    {
        // Found by its name and its parameters.
        private static T Create(IHostEnvironment environment, ModelLoadContext context)
        {
            T.Format.Check(context);
            return T.Load(environment, new ModelReader(context));
        }
    }
}
