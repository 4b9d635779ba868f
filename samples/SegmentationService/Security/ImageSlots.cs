using System.Threading.RateLimiting;
using Microsoft.ML.PermutedSegmentation;

namespace SegmentationService.Security;

/// <summary>Bounds how many images are in memory decoded. Bodies that are still on their way take no slot, so that slow callers block nobody.</summary>
internal sealed class ImageSlots(ServiceSettings settings) : IDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = settings.ConcurrentImages,
        QueueLimit = settings.WaitingImages,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Waits for a slot, which the caller disposes.</summary>
    /// <exception cref="SegmentationBusyException">Too many wait already.</exception>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellation)
    {
        var lease = await _limiter.AcquireAsync(1, cancellation);
        return lease.IsAcquired ? lease : throw new SegmentationBusyException(settings.WaitingImages, TimeSpan.FromSeconds(1));
    }

    public void Dispose() => _limiter.Dispose();
}
