using Spectre.Console;

namespace Workbench;

/// <summary>Counted work with a bar when there is a terminal, else with a line at every tenth.</summary>
internal static class CountedWork
{
    /// <summary>Calls <paramref name="work"/> for every item, in order.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled between two items.</exception>
    public static void ForEach<T>(string what, int count, IEnumerable<T> items, CancellationToken cancellationToken, Action<T> work)
    {
        if (AnsiConsole.Profile.Capabilities.Interactive)
            AnsiConsole.Progress().AutoClear(true).Start(context =>
            {
                var task = context.AddTask(what, maxValue: count);
                Run(_ => task.Increment(1));
            });
        else
            Run(done =>
            {
                if (done * 10 / count > (done - 1) * 10 / count)
                    Console.WriteLine($"{what}: {done} of {count}");
            });

        void Run(Action<int> report)
        {
            var done = 0;
            foreach (var item in items)
            {
                cancellationToken.ThrowIfCancellationRequested();
                work(item);
                report(++done);
            }
        }
    }
}
