using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.PermutedSegmentation.Distribution;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// Sums the gradients of several processes, while backward still runs: those of the layers behind a keyed map travel as soon as they are there, on
/// another thread, and the optimizer waits for all.
/// </summary>
internal sealed class GradientSums : IDisposable
{
    private readonly IProcessGroup _group;
    private readonly (int Layer, Parameter Value)[] _parameters; // the last first, as backward comes to them
    private readonly NetworkLayout _layout;
    private readonly List<Bucket> _buckets = [];
    private readonly Stopwatch _busy = new(), _waiting = new();
    private Task _sums = Task.CompletedTask;
    private int _sent, _used;

    /// <param name="network">The network; it stays the caller's.</param>
    /// <param name="group">The processes; it stays the caller's.</param>
    public GradientSums(TorchNetwork network, IProcessGroup group)
    {
        (_layout, _group) = (network.Layout, group.Duplicate());
        _parameters = [.. network.LearnedParameters
            .Join(network.Layout.Parameters, learned => learned.Name, parameter => parameter.Name, (learned, parameter) => (parameter.Layer.Index, learned.Value))
            .Reverse()];
    }

    /// <summary>Bytes that this process has sent so far.</summary>
    public long BytesSent { get; private set; }

    /// <summary>How long sums took so far, and how much of that backward did not hide.</summary>
    public (TimeSpan Total, TimeSpan Waited) Time => (_busy.Elapsed, _waiting.Elapsed);

    /// <summary>Sends the gradients of the layers behind a keyed map, in a backward pass after which they do not change any more.</summary>
    public void SendBehind(FeatureMaps map) => SendAfter(_layout.Find(map).Index);

    /// <summary>Sends the other gradients, and replaces all by their sums.</summary>
    public void Finish()
    {
        SendAfter(-1);
        _waiting.Start();
        _sums.GetAwaiter().GetResult();
        _waiting.Stop();
        foreach (Bucket bucket in _buckets)
            bucket.TakeBack();
        (_sums, _sent, _used) = (Task.CompletedTask, 0, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Something may still travel: then this process has failed, or another one.
        if (!_sums.IsCompletedSuccessfully)
            _group.Abandon();
        _group.Dispose();
    }

    private void SendAfter(int layer)
    {
        int first = _sent;
        while (_sent < _parameters.Length && _parameters[_sent].Layer > layer)
            _sent++;
        if (_sent == first)
            return;
        if (_used == _buckets.Count)
            _buckets.Add(new Bucket([.. _parameters[first.._sent].Select(parameter => parameter.Value).Where(value => value.grad is not null)]));
        Bucket bucket = _buckets[_used++];
        bucket.Fill();
        _sums = Then(_sums, bucket.Values);
    }

    private async Task Then(Task previous, float[] values)
    {
        await previous.ConfigureAwait(false);
        await Task.Run(() =>
        {
            _busy.Start();
            _group.Sum(values);
            _busy.Stop();
            BytesSent += 2L * values.Length * sizeof(float) * (_group.Size - 1) / _group.Size;
        }).ConfigureAwait(false);
    }

    /// <summary>The gradients of neighbouring layers, one behind the other.</summary>
    private sealed class Bucket(Parameter[] parameters)
    {
        public float[] Values { get; } = new float[parameters.Sum(parameter => parameter.NumberOfElements)];

        public void Fill()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            int at = 0;
            foreach (Parameter parameter in parameters)
            {
                Tensor own = parameter.grad!, gradient = own.detach();
                gradient.UseBytes(bytes => bytes.CopyTo(MemoryMarshal.AsBytes(Values.AsSpan(at))));
                at += (int)parameter.NumberOfElements;
            }
        }

        public void TakeBack()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            int at = 0;
            foreach (Parameter parameter in parameters)
            {
                int count = (int)parameter.NumberOfElements;
                using Tensor sum = TensorBytes.Create(parameter.shape, values => Values.AsSpan(at, count).CopyTo(values));
                parameter.grad!.copy_(sum);
                at += count;
            }
        }
    }
}
