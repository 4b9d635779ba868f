using System.Reflection;

namespace Workbench.Report;

/// <summary>A page of HTML that needs nothing but itself.</summary>
internal static class ReportPage
{
    /// <summary>The page with a title and its content. Well-formed as XML too, so that any tool can read the numbers; whatever is in it, nothing is run or loaded.</summary>
    public static Html Of(string title, Html content) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'" />
        <title>{title}</title>
        <style>
        {StyleSheet()}
        </style>
        </head>
        <body>
        <main>
        {content}
        </main>
        </body>
        </html>

        """);

    private static Html StyleSheet()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return Html.Raw(reader.ReadToEnd());
    }
}
