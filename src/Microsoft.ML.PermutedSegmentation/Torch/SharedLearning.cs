using Microsoft.ML.PermutedSegmentation.Distribution;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>A network's part in a training that several processes do together, each with its share of the images.</summary>
/// <param name="group">The processes.</param>
/// <param name="synchronizesNorm">Whether batch norm takes the statistics of all processes' images, and not of its own.</param>
internal sealed class SharedLearning(IProcessGroup group, bool synchronizesNorm)
{
    private Exception? _failure;
    private Tensor[] _given = [];

    public IProcessGroup Group => group;

    public bool SynchronizesNorm => synchronizesNorm;

    /// <summary>Which images this process has of those that go through the processes' networks together.</summary>
    public ImageShare Images { get; set; }

    /// <summary>Told in the backward pass that all gradients of the layers behind a keyed map are there; null: nobody wants to know.</summary>
    public Action<FeatureMaps>? GradientsBehind { get; set; }

    /// <summary>
    /// Keeps what a backward function gives back until libtorch has taken references of its own, which it has when the next function runs: on a GPU no
    /// dispose scope is open there, and the garbage collector would be free to take it.
    /// </summary>
    public List<Tensor> Keep(params Tensor[] given)
    {
        Release();
        Array.ForEach(given, tensor => tensor.DetachFromDisposeScope());
        _given = given;
        return [.. given];
    }

    /// <summary>Does something in a backward pass, where an exception would end the process: it comes with <see cref="ThrowIfFailed"/>.</summary>
    /// <returns>Whether it was done; after the first failure, nothing is.</returns>
    public bool Try(Action action)
    {
        if (_failure is not null)
            return false;
        try
        {
            action();
            return true;
        }
        catch (Exception exception)
        {
            _failure = exception;
            return false;
        }
    }

    /// <summary>After a backward pass.</summary>
    /// <exception cref="IOException">Another process has given up.</exception>
    public void ThrowIfFailed()
    {
        Release();
        if (_failure is not null)
            throw new IOException(_failure.Message, _failure);
    }

    private void Release()
    {
        Array.ForEach(_given, tensor => tensor.Dispose());
        _given = [];
    }
}
