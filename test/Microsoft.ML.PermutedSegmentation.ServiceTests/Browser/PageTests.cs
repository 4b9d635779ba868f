using OpenQA.Selenium;
using ServiceTests.Service;

namespace ServiceTests.Browser;

/// <summary>The page, as somebody uses it.</summary>
public sealed class PageTests(RunningService service) : IClassFixture<RunningService>, IDisposable
{
    private readonly TempFolder _folder = new();

    [BrowserFact]
    public void Two_images_at_once_are_shown_with_the_key_without_it_and_with_a_wrong_one()
    {
        using Page page = Open();
        page.Choose(_folder.Write("one.png", service.ImageFile), _folder.Write("two.png", service.ImageFile));
        page.WaitForCards(2);
        foreach (string name in (string[])["one.png", "two.png"])
        {
            string card = $"article[data-name='{name}'][data-state=done]";
            var expected = service.Labels.Select(label => ClassPalette.Voc[label - 1]).ToArray();
            page.Pixels($"{card} img[data-role=mask][data-key=correct]").Should().Equal(expected);
            page.Pixels($"{card} img[data-role=mask][data-key=none]").Should().NotEqual(expected);
            page.Pixels($"{card} img[data-role=mask][data-key=wrong]").Should().NotEqual(expected);
            page.Pixels($"{card} img[data-role=picture]").Should().HaveCount(expected.Length);
            foreach (var found in service.Labels.GroupBy(label => label - 1))
                page.Find($"{card} li[data-class='{found.Key}']").Text.Should().Contain((100.0 * found.Count() / service.Labels.Length).ToString("F1", System.Globalization.CultureInfo.InvariantCulture) + "%");
            page.Find($"{card} a[data-role=download]").GetDomAttribute("download").Should().Be(Path.GetFileNameWithoutExtension(name) + "-mask.png");
        }
        page.Photograph("page-1280.png");
        AssertNothingForeign(page);
    }

    [BrowserFact]
    public void The_slider_mixes_and_cards_can_be_removed_by_keyboard()
    {
        using Page page = Open();
        page.Choose(_folder.Write("one.png", service.ImageFile));
        page.WaitForCards(1);
        IWebElement slider = page.Find("#opacity");
        slider.SendKeys(Keys.Home);
        Opacity().Should().Be(0);
        slider.SendKeys(Keys.End);
        Opacity().Should().Be(1);
        slider.SendKeys(Keys.ArrowLeft);
        Opacity().Should().BeApproximately(0.95, 1e-6);
        page.Script("document.querySelector('button[data-role=remove]').focus()");
        page.Find("button[data-role=remove]").SendKeys(Keys.Enter);
        page.WaitFor(() => page.FindAll("article").Count == 0);
        AssertNothingForeign(page);

        double Opacity() => double.Parse((string)page.Script("return getComputedStyle(document.querySelector('[data-role=overlay] img.veil')).opacity")!, System.Globalization.CultureInfo.InvariantCulture);
    }

    [BrowserFact]
    public void Broken_and_too_large_files_are_named_and_do_not_disturb_the_others()
    {
        using Page page = Open();
        page.Choose(_folder.Write("broken.png", service.ImageFile[..^20]), _folder.Write("large.png", new byte[200_001]), _folder.WriteText("text.txt", "no image"), _folder.Write("good.png", service.ImageFile));
        page.WaitForCards(4);
        page.Find("article[data-name='broken.png'][data-state=failed] [data-role=error]").Text.Should().Contain("truncated");
        page.Find("article[data-name='large.png'][data-state=failed] [data-role=error]").Text.Should().NotBeEmpty();
        page.Find("article[data-name='text.txt'][data-state=failed] [data-role=error]").Text.Should().Contain("JPEG");
        page.FindAll("article[data-name='good.png'][data-state=done]").Should().HaveCount(1);
        page.Requested.Count(address => new Uri(address).AbsolutePath == "/segment").Should().Be(1 + 3, "what is too large or no image is not sent");
    }

    [BrowserFact]
    public void It_can_be_read_on_a_phone_and_in_the_dark()
    {
        using Page page = new(service.Client.BaseAddress!, width: 400, dark: true);
        page.Choose(_folder.Write("one.png", service.ImageFile));
        page.WaitForCards(1);
        ((long)page.Script("return document.documentElement.scrollWidth")!).Should().BeLessThanOrEqualTo(400);
        ((string)page.Script("return getComputedStyle(document.body).backgroundColor")!).Should().MatchRegex(@"^rgb\([0-5]?\d, [0-5]?\d, [0-5]?\d\)$");
        page.Photograph("page-400-dark.png");
        AssertNothingForeign(page);
    }

    [BrowserFact]
    public async Task It_asks_for_the_API_key_where_one_is_needed()
    {
        using var model = new TrainedModel();
        string key = _folder.At("secret.pem");
        model.Key.Save(key);
        using ServiceProcess own = await ServiceProcess.Start(
            _folder.Root, ("Segmentation__ModelPath", model.ModelPath), ("Segmentation__KeyPath", key), ("Service__ApiKey", "open sesame"));
        await own.Ready();
        using var page = new Page(own.Client.BaseAddress!);
        page.WaitFor(() => page.Find("#key").Displayed);
        page.Find("#key").SendKeys("wrong" + Keys.Enter);
        page.WaitFor(() => page.Find("#key-error").Text.Length > 0);
        page.Find("#key").Clear();
        page.Find("#key").SendKeys("open sesame" + Keys.Enter);
        page.WaitFor(() => !page.Find("#key").Displayed);
        page.Choose(_folder.Write("one.png", service.ImageFile));
        page.WaitForCards(1);
        page.FindAll("article[data-state=done] img[data-role=mask]").Should().HaveCount(1, "only the demo shows what a thief has");
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertNothingForeign(Page page)
    {
        page.Console.Should().BeEmpty();
        page.Requested.Where(address => !address.StartsWith("blob:", StringComparison.Ordinal)).Should().OnlyContain(address => new Uri(address).IsLoopback);
    }

    private Page Open() => new(service.Client.BaseAddress!);
}
