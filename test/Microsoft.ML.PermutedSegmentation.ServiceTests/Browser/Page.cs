using System.Text.Json;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace ServiceTests.Browser;

/// <summary>The service's page in Chromium, without a window.</summary>
internal sealed class Page : IDisposable
{
    private readonly ChromeDriver _driver;

    public Page(Uri address, int width = 1280, bool dark = false)
    {
        var options = new ChromeOptions { BinaryLocation = BrowserFactAttribute.Chromium };
        options.AddArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", $"--window-size={width},1000");
        options.SetLoggingPreference(LogType.Browser, LogLevel.All);
        _driver = new ChromeDriver(ChromeDriverService.CreateDefaultService(BrowserFactAttribute.Driver), options);
        // A window has a least width.
        Command("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = 1000, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        Command("Emulation.setEmulatedMedia", new() { ["features"] = new object[] { new Dictionary<string, object> { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" } } });
        _driver.Navigate().GoToUrl(address);
    }

    /// <summary>What the browser complains of.</summary>
    public IReadOnlyList<string> Console => [.. _driver.Manage().Logs.GetLog(LogType.Browser).Select(entry => entry.Message)];

    /// <summary>The addresses that were asked for.</summary>
    public IReadOnlyList<string> Requested => [.. ((IEnumerable<object>)Script("return performance.getEntriesByType('resource').map(entry => entry.name)")!).Cast<string>()];

    public IWebElement Find(string selector) => _driver.FindElement(By.CssSelector(selector));

    public IReadOnlyList<IWebElement> FindAll(string selector) => _driver.FindElements(By.CssSelector(selector));

    public object? Script(string script, params object[] arguments) => _driver.ExecuteScript(script, arguments);

    /// <summary>Chooses files, all at once.</summary>
    public void Choose(params string[] paths) => Find("#files").SendKeys(string.Join('\n', paths));

    /// <summary>Waits until each of the cards is done or has failed.</summary>
    public void WaitForCards(int count) => WaitFor(() => FindAll("article[data-state=done], article[data-state=failed]").Count == count && FindAll("article").Count == count);

    public void WaitFor(Func<bool> isSo)
    {
        for (int i = 0; i < 300 && !isSo(); i++)
            Thread.Sleep(100);
        isSo().Should().BeTrue(Find("body").Text);
    }

    /// <summary>The colors of an image on the page, row by row, as a browser decodes them.</summary>
    public (byte Red, byte Green, byte Blue)[] Pixels(string selector)
    {
        const string Read = """
            const image = document.querySelector(arguments[0]), canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            return JSON.stringify(Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data));
            """;
        byte[] rgba = [.. JsonDocument.Parse((string)Script(Read, selector)!).RootElement.EnumerateArray().Select(value => value.GetByte())];
        return [.. rgba.Chunk(4).Select(pixel => (pixel[0], pixel[1], pixel[2]))];
    }

    /// <summary>Keeps a picture of the whole page beside the tests, to be looked at.</summary>
    public void Photograph(string name)
    {
        var size = (long)Script("return document.documentElement.scrollHeight")!;
        var width = (long)Script("return innerWidth")!;
        Command("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = size, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        _driver.GetScreenshot().SaveAsFile(Path.Combine(AppContext.BaseDirectory, name));
    }

    public void Dispose() => _driver.Dispose();

    private void Command(string name, Dictionary<string, object?> parameters) => _driver.ExecuteCdpCommand(name, parameters);
}
