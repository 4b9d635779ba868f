namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Gives what is in a model of another library, so that packages that do not know that library can write it elsewhere.</summary>
/// <typeparam name="TModel">The other library's models.</typeparam>
public interface IModelContents<TModel>
{
    /// <summary>What is in a model, as its file holds it; of an unlocked model with what undoes its protection, which is as secret as the key.</summary>
    /// <param name="model">The model.</param>
    /// <exception cref="ArgumentException">It holds no segmentation model.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    ModelContents GetContents(TModel model);
}
