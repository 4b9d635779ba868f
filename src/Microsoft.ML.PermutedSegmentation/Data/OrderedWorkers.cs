using System.Runtime.ExceptionServices;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Does work on other threads, ahead of whoever uses its results, which come in order.</summary>
internal static class OrderedWorkers
{
    /// <summary>The results of jobs, in the order of the jobs.</summary>
    /// <param name="jobs">Enumerated on the threads, by one at a time, and no further than <paramref name="ahead"/> jobs beyond the results that the consumer is done with.</param>
    /// <param name="workers">How many threads, at least 1.</param>
    /// <param name="ahead">How many jobs may be begun, or done, that the consumer is not done with, at least 1: that is the one that it has.</param>
    /// <param name="work">Done on any of the threads, whose number, from 0, it is given.</param>
    /// <remarks>
    /// What the work uses must outlive the enumeration of the jobs, which may have ended while work is still done.
    /// An exception of the jobs or the work is thrown to the consumer in its place. When the consumer stops, no more work is begun, and all threads have ended
    /// before anything else of the consumer runs. They are threads of their own: the pool's are not to wait for disks.
    /// </remarks>
    public static IEnumerable<TResult> Run<TJob, TResult>(IEnumerable<TJob> jobs, int workers, int ahead, Func<TJob, int, TResult> work)
    {
        using var run = new Crew<TJob, TResult>(jobs, workers, ahead, work);
        for (long number = 0; run.Wait(number) is var result && !result.IsEnd; number++)
        {
            result.Failure?.Throw();
            yield return result.Value;
        }
    }

    private readonly record struct Result<T>(T Value, ExceptionDispatchInfo? Failure = null, bool IsEnd = false);

    private sealed class Crew<TJob, TResult> : IDisposable
    {
        private readonly IEnumerator<TJob> _jobs;
        private readonly Func<TJob, int, TResult> _work;
        private readonly Result<TResult>?[] _results;
        private readonly Thread[] _threads;
        private readonly object _taking = new(), _waiting = new();
        private long _begun, _used;
        private bool _isOver, _isStopped;

        public Crew(IEnumerable<TJob> jobs, int workers, int ahead, Func<TJob, int, TResult> work)
        {
            (_jobs, _work, _results) = (jobs.GetEnumerator(), work, new Result<TResult>?[ahead]);
            _threads = [.. Enumerable.Range(0, workers).Select(worker => new Thread(() => Run(worker)) { IsBackground = true, Name = nameof(OrderedWorkers) })];
            try
            {
                foreach (Thread thread in _threads)
                    thread.Start();
            }
            catch
            {
                // The system has no more threads.
                Dispose();
                throw;
            }
        }

        /// <summary>The result of a job; the consumer is done with those before.</summary>
        public Result<TResult> Wait(long number)
        {
            lock (_waiting)
            {
                _used = number;
                Monitor.PulseAll(_waiting);
                ref Result<TResult>? place = ref _results[number % _results.Length];
                while (place is null)
                    Monitor.Wait(_waiting);
                Result<TResult> result = place.Value;
                place = null;
                return result;
            }
        }

        public void Dispose()
        {
            lock (_waiting)
            {
                _isStopped = true;
                Monitor.PulseAll(_waiting);
            }
            foreach (Thread thread in _threads.Where(thread => !thread.ThreadState.HasFlag(ThreadState.Unstarted)))
                thread.Join();
            _jobs.Dispose();
        }

        private void Run(int worker)
        {
            while (TakeJob() is var (number, job))
            {
                try
                {
                    Hand(number, new Result<TResult>(_work(job, worker)));
                }
                catch (Exception exception)
                {
                    Hand(number, new Result<TResult>(default!, ExceptionDispatchInfo.Capture(exception)));
                }
            }
        }

        private (long Number, TJob Job)? TakeJob()
        {
            lock (_taking)
            {
                if (_isOver || !IsRoom())
                    return null;
                long number = _begun++;
                try
                {
                    if (_jobs.MoveNext())
                        return (number, _jobs.Current);
                    Hand(number, new Result<TResult>(default!, IsEnd: true));
                }
                catch (Exception exception)
                {
                    Hand(number, new Result<TResult>(default!, ExceptionDispatchInfo.Capture(exception)));
                }
                _isOver = true;
                return null;
            }
        }

        // Waits until the consumer has come near enough; false: it comes no more.
        private bool IsRoom()
        {
            lock (_waiting)
            {
                while (!_isStopped && _begun - _used >= _results.Length)
                    Monitor.Wait(_waiting);
                return !_isStopped;
            }
        }

        private void Hand(long number, Result<TResult> result)
        {
            lock (_waiting)
            {
                _results[number % _results.Length] = result;
                Monitor.PulseAll(_waiting);
            }
        }
    }
}
