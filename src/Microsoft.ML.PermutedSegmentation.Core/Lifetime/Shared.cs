namespace Microsoft.ML.PermutedSegmentation.Lifetime;

/// <summary>
/// Native memory that any thread may use and any thread may dispose: it is freed once, when it is disposed and nobody uses it
/// any more. To use memory that is freed ends the process; here it cannot be had without a <see cref="Lease"/>.
/// </summary>
/// <param name="value">What has the memory.</param>
/// <param name="free">Frees it.</param>
/// <param name="disposed">What to throw when it is wanted after its disposal.</param>
internal sealed class Shared<T>(T value, Action<T> free, Func<ObjectDisposedException> disposed) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly T _value = value;
    private int _leases;
    private bool _isDisposed;

    /// <summary>The value until the lease is disposed.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public Lease Use()
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            _leases++;
        }
        return new Lease(this);
    }

    /// <summary>Throws what <see cref="Use"/> would.</summary>
    public void ThrowIfDisposed()
    {
        if (Volatile.Read(ref _isDisposed))
            throw disposed();
    }

    /// <summary>Lets nobody use it any more, and frees it when the last one who does is ready.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            if (_leases > 0)
                return;
        }
        free(_value);
    }

    private void End()
    {
        lock (_lock)
        {
            if (--_leases > 0 || !_isDisposed)
                return;
        }
        free(_value);
    }

    /// <summary>The right to use a value.</summary>
    public sealed class Lease : IDisposable
    {
        private readonly Shared<T> _shared;
        private bool _hasEnded;

        internal Lease(Shared<T> shared) => _shared = shared;

        public T Value => _hasEnded ? throw new ObjectDisposedException(nameof(Lease)) : _shared._value;

        /// <summary>Gives the value back.</summary>
        public void Dispose()
        {
            if (!_hasEnded)
                _shared.End();
            _hasEnded = true;
        }
    }
}
