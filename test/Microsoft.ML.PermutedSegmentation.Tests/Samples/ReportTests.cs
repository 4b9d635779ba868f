using System.Xml.Linq;
using Workbench.Report;
using Workbench.Tables;
using Workbench.Training;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The Workbench's report, read back as XML.</summary>
public sealed class ReportTests : IDisposable
{
    private const string Hostile = "<b>&\"'</td><script>\u0001";
    private const string HostileAsRead = "<b>&\"'</td><script>\uFFFD";

    private static readonly EpochResult[] TwoEpochs = [new(1, 0.1, 2.0, 1.5, 0.25, true), new(2, 0.05, 1.0, 1.25, 0.4, true)];

    private static readonly ModelResult Baseline = new(
        "baseline", FeatureMaps.None, null, null, "baseline", TwoEpochs, 3723, 40, Score(0.6), null, []);

    private static readonly ModelResult Model6 = new(
        "model-6", FeatureMaps.Head, null, null, "baseline", [], 0, 20, Score(0.59), Score(0.15), [Score(0.02), Score(0.05), Score(0.03), Score(0.04)]);

    private static readonly ModelResult Shf4 = new(
        "shf-4", FeatureMaps.None, BlockTransformMethod.Shuffle, 4, "shf-4", [TwoEpochs[0]], 59, 20, Score(0.5), Score(0.45), [Score(0.4), Score(0.41)]);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Table_I_has_our_numbers_beside_the_papers()
    {
        XElement page = Write([Baseline, Model6]);
        Assert.Equal(["0.5900", "0.5888", "0.1500", "0.1595", "0.0350", "0.0000"], Row(page, "table-1", "Model-6"));
        Assert.Equal(["0.6000", "0.5966", "–", "–", "–", "–"], Row(page, "table-1", "Baseline"));
        Assert.Equal(["–", "0.5290", "–", "0.1678", "–", "0.0356"], Row(page, "table-1", "Model-1"));
        Assert.Equal(["Model-1", "Model-2", "Model-3", "Model-4", "Model-5", "Model-6", "Baseline"], Rows(page, "table-1").Select(row => Text(row.Element("th")!)));

        XElement incorrect = Rows(page, "table-1").Single(row => Text(row.Element("th")!) == "Model-6").Elements("td").ElementAt(4);
        Assert.Equal(["0.0200 to 0.0500", "data set 0.0450"], incorrect.Elements("small").Select(Text));
    }

    [Fact]
    public void Models_that_the_paper_lacks_have_rows_of_their_own()
    {
        XElement page = Write([Baseline, Model6 with { Name = "all-maps", FeatureMaps = FeatureMaps.All }]);
        Assert.Equal(["0.5900", "–", "0.1500", "–", "0.0350", "–"], Row(page, "table-1", "All-maps"));
    }

    [Fact]
    public void Table_II_has_our_numbers_above_the_papers()
    {
        XElement page = Write([Baseline, Model6, Shf4]);
        string[] dashes = [.. Enumerable.Repeat("–", 6)];
        Assert.Equal(["0.5000", "0.4500", "0.4050", .. dashes], Body(page, "4")[0]);
        Assert.Equal(["0.5100", "0.4600", "0.4150", .. dashes], Body(page, "4")[1]);
        Assert.Equal(["0.4731", "0.4536", "0.3671", "0.4706", "0.3359", "0.1505", "0.3823", "0.0157", "0.0012"], Body(page, "4")[2]);
        Assert.Equal("0.4000 to 0.4100", Text(Bodies(page).ElementAt(1).Descendants("small").Single()));
        Assert.Equal(["–", "–", "–", .. dashes], Body(page, "32")[0]);
        Assert.Equal(["0.5900", "0.1500", "0.0350"], Body(page, "Model-6")[0]);
        Assert.Equal(["0.6000", "0.1600", "0.0450"], Body(page, "Model-6")[1]);
        Assert.Equal(["0.5888", "0.1595", "0.0000"], Body(page, "Model-6")[2]);
        Assert.Equal(["0.6000", "–", "–"], Body(page, "Baseline")[0]);
        Assert.Equal(["0.5966", "–", "–"], Body(page, "Baseline")[2]);
        Assert.Equal(["2", "4", "8", "16", "32", "No encryption", "Model-6", "Baseline"], Bodies(page).Select(body => Text(body.Descendants("th").First())));
    }

    [Fact]
    public void Floors_are_told()
    {
        XElement page = Write([Baseline]);
        Assert.Equal(["0.1000", "0.1100", "0.9000"], Row(page, "floors", "Best constant class"));
        Assert.Equal(["0.2000", "0.2100", "0.9000"], Row(page, "floors", "Most frequent class per pixel"));
    }

    [Fact]
    public void Bars_count_the_wrong_keys_where_their_scores_are()
    {
        DrawnChart[] charts = Charts(Write([Baseline, Model6, Shf4]), "wrong-keys");
        Assert.Equal(["Wrong keys of Model-6", "Wrong keys of SHF, block size 4"], charts.Select(chart => chart.Name));

        // The largest value is the correct key's 0.59: 40 bars of 0.01475.
        Assert.Equal([0, 0.2, 0.4], charts[0].XTicks);
        Assert.Equal([(0.01475, 0.0295, 1), (0.0295, 0.04425, 2), (0.04425, 0.059, 1)], charts[0].Bars());
        Assert.Equal([0.59, 0.59], charts[0].Lines(DrawnChart.Blue).Single().Select(point => point.X));
        Assert.Equal([0.15, 0.15], charts[0].Lines(DrawnChart.Orange).Single().Select(point => point.X));
        Assert.Equal([0.2, 0.2], charts[0].Lines(DrawnChart.Black).Single().Select(point => point.X));

        Assert.Equal(Shf4.WrongKeys.Count, charts[1].Bars().Sum(bar => bar.Count));
    }

    [Fact]
    public void No_wrong_key_is_lost_between_bars()
    {
        // Many of them end on an edge, the lowest and the highest possible included.
        Scores[] keys = [.. Enumerable.Range(0, 101).Select(i => Score(i / 100.0))];
        var bars = Charts(Write([Model6 with { WrongKeys = keys }]), "wrong-keys").Single().Bars();
        Assert.Equal(40, bars.Length);
        Assert.Equal(101, bars.Sum(bar => bar.Count), 0.1);
    }

    [Fact]
    public void Curves_go_through_the_epochs()
    {
        DrawnChart[] charts = Charts(Write([Baseline, Shf4]), "trainings");
        Assert.Equal(4, charts.Length);

        Assert.Equal([0, 1, 2], charts[0].XTicks);
        Assert.Equal([(1, 2), (2, 1)], charts[0].Lines(DrawnChart.Orange).Single());
        Assert.Equal([(1, 1.5), (2, 1.25)], charts[0].Lines(DrawnChart.Blue).Single());
        Assert.Equal([(1, 0.25), (2, 0.4)], charts[1].Lines(DrawnChart.Blue).Single());
        Assert.Empty(charts[1].Lines(DrawnChart.Orange));
        // Epoch 2 was kept.
        Assert.Equal([(2, 1)], charts[0].Dots(DrawnChart.Orange));
        Assert.Equal([(2, 1.25)], charts[0].Dots(DrawnChart.Blue));
        // A training of one epoch has a chart of its own group and axes.
        Assert.Equal([0, 1], charts[2].XTicks);
        Assert.Equal([(1, 2)], charts[2].Dots(DrawnChart.Orange));
        Assert.Equal([(1, 1.5)], charts[2].Dots(DrawnChart.Blue));
    }

    [Fact]
    public void A_training_that_failed_has_the_curve_up_to_there()
    {
        XElement page = Write([Baseline with { Epochs = [TwoEpochs[0], TwoEpochs[1] with { TrainingLoss = double.NaN, ValidationLoss = double.PositiveInfinity, IsBest = false }] }]);
        DrawnChart losses = Charts(page, "trainings")[0];
        Assert.Equal([(1, 2)], losses.Lines(DrawnChart.Orange).Single());
        Assert.Equal([(1, 1.5)], losses.Lines(DrawnChart.Blue).Single());
    }

    [Fact]
    public void The_same_results_make_the_same_page()
    {
        Write([Baseline, Model6, Shf4]);
        byte[] first = File.ReadAllBytes(_folder.At("report.html"));
        Write([Baseline, Model6, Shf4]);
        Assert.Equal(first, File.ReadAllBytes(_folder.At("report.html")));
    }

    [Fact]
    public void Names_are_text_and_nothing_else()
    {
        PictureRow row = new(Hostile, [new("Input", [1, 2, 3], null), new("Correct key", [4], 0.5)]);
        XElement page = Write(Result([Baseline with { Name = Hostile }]) with { Data = new DataSummary(Hostile, Hostile, 10, Hostile, 5, ["sky", Hostile]) }, [row]);
        Assert.Equal(["sky", HostileAsRead, "no class"], Section(page, "figure-6").Element("ul")!.Elements("li").Select(item => item.Value));
        Assert.EndsWith(HostileAsRead, page.Descendants("title").First().Value);
        Assert.Equal("Losses of " + HostileAsRead, Charts(page, "trainings")[0].Name);
        Assert.Equal("Input of " + HostileAsRead, (string?)page.Descendants("img").First().Attribute("alt"));
        Assert.Empty(page.Descendants("script"));
        Assert.Empty(page.Descendants("b"));
        Assert.DoesNotContain("\u0001", File.ReadAllText(_folder.At("report.html")));
    }

    [Fact]
    public void Pictures_are_in_the_page_with_their_scores()
    {
        PictureRow row = new("street", [new("Input", [1, 2, 3], null), new("Correct key", [4], 0.51234)]);
        XElement page = Write(Result([Baseline]), [row]);
        XElement[] cells = [.. Section(page, "figure-6").Element("figure")!.Descendants("figure")];
        Assert.Equal(["data:image/png;base64,AQID", "data:image/png;base64,BA=="], cells.Select(cell => (string)cell.Element("img")!.Attribute("src")!));
        Assert.Equal(["Input", "Correct key0.5123"], cells.Select(cell => cell.Element("figcaption")!.Value));
        Assert.All(page.Descendants().Attributes("src"), source => Assert.StartsWith("data:", source.Value));
        Assert.Empty(page.Descendants().Attributes("href"));
        Assert.DoesNotContain("url(", File.ReadAllText(_folder.At("report.html")));
    }

    [Fact]
    public void What_there_is_not_yet_is_left_out()
    {
        XElement page = Write([]);
        Assert.Equal(["tables"], page.Descendants("section").Select(section => (string)section.Attribute("id")!));
        page = Write([Baseline with { Epochs = [] }]);
        Assert.Equal(["tables"], page.Descendants("section").Select(section => (string)section.Attribute("id")!));
        page = Write([Baseline, Model6]);
        Assert.Equal(["tables", "wrong-keys", "trainings"], page.Descendants("section").Select(section => (string)section.Attribute("id")!));
    }

    [Fact]
    public void What_was_done_is_told()
    {
        string about = string.Join(' ', Write([Baseline, Model6, Shf4]).Descendants("p").First().Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("ResNet-18 (output stride 16), trained on the 10 images of the list “train” of city", about);
        Assert.Contains("tried on the 5 images of the list “val”, all of 96 × 128 pixels and 2 classes", about);
        Assert.Contains("2 epochs, batches of 4, learning rate 0.1 restarted every 10 epochs, weight decay 0.0005, 4 wrong keys, seed 7; initial weights random.", about);
        // 3723 + 59 s and 40 + 20 + 20 s
        Assert.Contains("Training took 1 h 3 min, trying the models 1 min 20 s.", about);
    }

    private static Scores Score(double value) => new(value + 0.01, value, 0.9);

    private static TablesResult Result(IReadOnlyList<ModelResult> models) => new(
        new TablesSettings("small", Backbone.ResNet18, 16, 96, 128, 2, 4, 0.1, 0.0005, 10, 4, 7, false),
        new DataSummary("city", "train", 10, "val", 5, ["sky", "road"]), Score(0.1), Score(0.2), models);

    private XElement Write(IReadOnlyList<ModelResult> models) => Write(Result(models), []);

    private XElement Write(TablesResult result, IReadOnlyList<PictureRow> figure)
    {
        ReportFile.Write(_folder.At("report.html"), result, figure);
        return XDocument.Load(_folder.At("report.html")).Root!;
    }

    private static XElement Section(XElement page, string id) => page.Descendants("section").Single(section => (string?)section.Attribute("id") == id);

    private static XElement Table(XElement page, string id) => page.Descendants("table").Single(table => (string?)table.Attribute("id") == id);

    private static IEnumerable<XElement> Rows(XElement page, string table) => Table(page, table).Element("tbody")!.Elements("tr");

    private static string[] Row(XElement page, string table, string name) => Cells(Rows(page, table).Single(row => Text(row.Element("th")!) == name));

    private static IEnumerable<XElement> Bodies(XElement page) => Table(page, "table-2").Elements("tbody");

    private static string[][] Body(XElement page, string name) =>
        [.. Bodies(page).Single(body => Text(body.Descendants("th").First()) == name).Elements("tr").Select(Cells)];

    private static string[] Cells(XElement row) => [.. row.Elements("td").Select(Text)];

    // Without the small print, which is in elements of its own.
    private static string Text(XElement element) => string.Concat(element.Nodes().OfType<XText>().Select(text => text.Value)).Trim();

    private static DrawnChart[] Charts(XElement page, string id) => [.. Section(page, id).Descendants(DrawnChart.Svg + "svg").Select(svg => new DrawnChart(svg))];
}
