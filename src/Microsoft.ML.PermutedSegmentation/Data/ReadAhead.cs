using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Runs a sequence on another thread, a few elements ahead of its consumer.</summary>
internal static class ReadAhead
{
    /// <summary>
    /// The elements of <paramref name="source"/> in order. An exception of the source is thrown to the consumer in its
    /// place; when the consumer stops early the source is stopped and what was made ahead is disposed.
    /// </summary>
    public static IEnumerable<T> Of<T>(IEnumerable<T> source, int depth) where T : IDisposable
    {
        using var made = new BlockingCollection<T>(depth);
        using var stop = new CancellationTokenSource();
        Exception? failure = null;
        var producer = new Thread(Produce) { IsBackground = true, Name = nameof(ReadAhead) };
        producer.Start();
        try
        {
            foreach (T element in made.GetConsumingEnumerable())
                yield return element;
            if (failure is not null)
                ExceptionDispatchInfo.Throw(failure);
        }
        finally
        {
            stop.Cancel();
            producer.Join();
            foreach (T unused in made.GetConsumingEnumerable())
                unused.Dispose();
        }

        void Produce()
        {
            try
            {
                foreach (T element in source)
                {
                    if (!TryHandOver(element))
                        break;
                }
            }
            catch (Exception exception)
            {
                failure = exception;
            }
            finally
            {
                made.CompleteAdding();
            }
        }

        bool TryHandOver(T element)
        {
            try
            {
                made.Add(element, stop.Token);
                return true;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                element.Dispose();
                return false;
            }
        }
    }
}
