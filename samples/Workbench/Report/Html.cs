using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Xml;

namespace Workbench.Report;

/// <summary>A piece of HTML. Text that is interpolated into one is escaped, other pieces are taken as they are.</summary>
internal sealed class Html
{
    private readonly string _markup;

    private Html(string markup) => _markup = markup;

    /// <summary>A piece written out as an interpolated string.</summary>
    public static Html Of(Template template) => new(template.ToString());

    /// <summary>Markup of our own, such as a style sheet.</summary>
    public static Html Raw(string markup) => new(markup);

    public override string ToString() => _markup;

    // Characters that XML lacks, such as NUL, can be in a file's name.
    private static string Escape(string text) =>
        WebUtility.HtmlEncode(new([.. text.Select(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\uFFFD')]));

    /// <summary>What the compiler makes of an interpolated string: only what these overloads take can be put into a page.</summary>
    [InterpolatedStringHandler]
    public readonly struct Template(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _markup = new(literalLength + 16 * formattedCount);

        public void AppendLiteral(string markup) => _markup.Append(markup);

        public void AppendFormatted(string text) => _markup.Append(Escape(text));

        public void AppendFormatted(int number) => _markup.Append(number);

        public void AppendFormatted(double number, string format) => _markup.Append(Escape(number.ToString(format)));

        public void AppendFormatted(Html? piece) => _markup.Append(piece?._markup);

        public void AppendFormatted(IEnumerable<Html> pieces) => _markup.AppendJoin('\n', pieces);

        public override string ToString() => _markup.ToString();
    }
}
