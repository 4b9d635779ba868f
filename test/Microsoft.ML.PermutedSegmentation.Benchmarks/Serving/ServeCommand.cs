using System.CommandLine;
using System.Globalization;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Serving;

using Command = System.CommandLine.Command;

/// <summary><c>serve</c>: measures a served model under load against the same network without a queue, in turn in one process.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var clients = new Option<int>("--clients") { HelpName = "N", Description = "How many send a request as soon as they have an answer.", DefaultValueFactory = _ => 32 };
        var images = new Option<int>("--images") { HelpName = "N", Description = "How many images each side labels in a round.", DefaultValueFactory = _ => 640 };
        var rounds = new Option<int>("--rounds") { HelpName = "N", Description = "How often each side is measured.", DefaultValueFactory = _ => 3 };
        var soak = new Option<int>("--soak") { HelpName = "N", Description = "Requests after that, to see whether memory grows.", DefaultValueFactory = _ => 0 };
        var size = new Option<int>("--size") { HelpName = "N", Description = "Height and width of the images.", DefaultValueFactory = _ => 256 };
        var command = new Command("serve", "Measures requests to a served ResNet-18 against its batch scorer alone.") { clients, images, rounds, soak, size };
        command.SetAction((result, _) => Run(result.GetValue(size), result.GetValue(clients), result.GetValue(images), result.GetValue(rounds), result.GetValue(soak)));
        return command;
    }

    private static async Task Run(int size, int clients, int images, int rounds, int soak)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine($"FCN-ResNet-18, {size}x{size}, 21 classes, {clients} clients, batches of {LoadRun.Batch}; {Processor.Description}");
        await using var load = new LoadRun(size);
        await load.Served(clients, clients * 2);
        load.Bare(images: 8 * LoadRun.Batch);
        Console.WriteLine("| round | alone, images/s | served, images/s | ratio | median, ms | 99th percentile, ms | bound, ms | mean batch |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        for (int round = 1; round <= rounds; round++)
        {
            double bare = load.Bare(images);
            LoadResult served = await load.Served(clients, images);
            Console.WriteLine($"| {round} | {bare:F1} | {served.PerSecond:F1} | {served.PerSecond / bare:F3} | {served.Median:F0} | {served.Percentile99:F0} | {served.Bound:F0} | {served.MeanBatch:F2} |");
        }
        if (soak == 0)
            return;
        Console.WriteLine("| requests | resident, MB |");
        Console.WriteLine("|---|---|");
        for (int done = 0; done < soak; done += soak / 10)
        {
            await load.Served(clients, soak / 10);
            Console.WriteLine($"| {done + soak / 10} | {LoadRun.ResidentMegabytes()} |");
        }
    }
}
