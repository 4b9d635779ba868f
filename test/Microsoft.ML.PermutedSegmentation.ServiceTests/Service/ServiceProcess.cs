using System.Diagnostics;
using System.Text;

namespace ServiceTests.Service;

/// <summary>The service in a process of its own, on a port that is free.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServiceProcess(Process process) => _process = process;

    public HttpClient Client { get; private set; } = null!;

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts it in a folder, and waits until it answers.</summary>
    /// <param name="folder">Its working directory.</param>
    /// <param name="settings">As environment variables.</param>
    public static async Task<ServiceProcess> Start(string folder, params (string Name, string Value)[] settings)
    {
        var service = new ServiceProcess(Process.Start(Settings(folder, ["--urls", "http://127.0.0.1:0"], settings))!);
        service._process.OutputDataReceived += (_, line) => service.Keep(line.Data);
        service._process.ErrorDataReceived += (_, line) => service.Keep(line.Data);
        service._process.BeginOutputReadLine();
        service._process.BeginErrorReadLine();
        try
        {
            await Eventually(() => service._process.HasExited || service.Output.Contains("Now listening on: "), service);
            service._process.HasExited.Should().BeFalse(service.Output);
        }
        catch
        {
            service.Dispose();
            throw;
        }
        string address = service.Output.Split("Now listening on: ")[1].Split('\n')[0].Trim();
        service.Client = new HttpClient { BaseAddress = new Uri(address) };
        return service;
    }

    /// <summary>Waits until it is ready.</summary>
    public async Task Ready()
    {
        for (int i = 0; i < 1200 && !(await Client.GetAsync("/health/ready")).IsSuccessStatusCode; i++)
            await Task.Delay(100);
        (await Client.GetAsync("/health/ready")).IsSuccessStatusCode.Should().BeTrue(Output);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Output)> Run(string folder, string[] arguments, params (string Name, string Value)[] settings)
    {
        using var process = Process.Start(Settings(folder, arguments, settings))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output + await errors);
    }

    public static async Task Eventually(Func<bool> isSo, ServiceProcess service)
    {
        for (int i = 0; i < 2400 && !isSo(); i++)
            await Task.Delay(50);
        isSo().Should().BeTrue(service.Output);
    }

    /// <summary>Asks it to end as a container's engine does, and waits.</summary>
    public async Task<int> Stop()
    {
        Process.Start("kill", ["-TERM", $"{_process.Id}"]).WaitForExit();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Client?.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static ProcessStartInfo Settings(string folder, string[] arguments, (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "SegmentationService.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return start;
    }

    private void Keep(string? line)
    {
        lock (_output)
            _output.Append(line).Append('\n');
    }
}
