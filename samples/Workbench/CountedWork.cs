using Spectre.Console;

namespace Workbench;

/// <summary>Counted work with a bar when there is a terminal, else with a line at every tenth.</summary>
internal static class CountedWork
{
    /// <summary>Lets <paramref name="work"/> tell how much of it is done.</summary>
    /// <param name="what">What is counted.</param>
    /// <param name="count">How much there is to do.</param>
    /// <param name="work">Calls what it is given with how much is done so far.</param>
    public static void Run(string what, long count, Action<Action<long>> work) => Run(what, tell => work(done => tell(done, count)));

    /// <summary>Lets <paramref name="work"/> tell how much of it is done, and of how much.</summary>
    public static void Run(string what, Action<Action<long, long>> work)
    {
        if (AnsiConsole.Profile.Capabilities.Interactive)
        {
            AnsiConsole.Progress().AutoClear(true).Start(context =>
            {
                var task = context.AddTask(Markup.Escape(what));
                work((done, count) => (task.MaxValue, task.Value) = (count, done));
            });
            return;
        }
        long before = 0;
        work((done, count) =>
        {
            if (done * 10 / count > before * 10 / count)
                Console.WriteLine($"{what}: {done} of {count}");
            before = done;
        });
    }
}
