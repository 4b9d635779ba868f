namespace Workbench.Report;

/// <summary>A table of the report.</summary>
internal static class ScrollingTable
{
    /// <summary>A table. The page must not get wider than the screen: a wide one scrolls in a box of its own.</summary>
    public static Html Of(string id, string caption, Html content) => Html.Of($"""
        <div class="scroll" role="region" aria-labelledby="{id}-caption" tabindex="0">
        <table id="{id}">
        <caption><span id="{id}-caption">{caption}</span></caption>
        {content}
        </table>
        </div>
        """);
}
