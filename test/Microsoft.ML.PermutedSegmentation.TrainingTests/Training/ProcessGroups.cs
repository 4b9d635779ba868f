using System.Runtime.ExceptionServices;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Runs what several processes do, each in a thread.</summary>
internal static class ProcessGroups
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>What each member gives back; the first exception, by rank, is thrown.</summary>
    public static T[] Run<T>(int size, Func<IProcessGroup, T> work)
    {
        (T? result, Exception? exception)[] results = RunAll(size, work);
        foreach ((_, Exception? exception) in results)
        {
            if (exception is not null)
                ExceptionDispatchInfo.Throw(exception);
        }
        return [.. results.Select(entry => entry.result!)];
    }

    /// <summary>What each member gives back or throws. None may hang.</summary>
    public static (T? Result, Exception? Exception)[] RunAll<T>(int size, Func<IProcessGroup, T> work)
    {
        var results = new (T? Result, Exception? Exception)[size];
        Thread[] threads = [.. InProcessGroup.Create(size).Select(member => new Thread(() =>
        {
            try
            {
                results[member.Rank].Result = work(member);
            }
            catch (Exception exception)
            {
                results[member.Rank].Exception = exception;
                member.Abandon();
            }
        }) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        foreach (Thread thread in threads)
        {
            if (!thread.Join(Patience))
                throw new TimeoutException("A member of the group waits for ever.");
        }
        return results;
    }
}
