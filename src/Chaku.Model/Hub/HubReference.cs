using System.Buffers;

namespace Chaku.Model.Hub;

/// <summary>
/// What a command line names: a model on the Hub, perhaps at a revision, and perhaps which of its files.
/// </summary>
/// <param name="Name">The model.</param>
/// <param name="File">A file of it, or the end of its path; null leaves the choice.</param>
/// <param name="Quant">
/// What the GGUF file's name says of its format, such as <c>Q4_K_M</c>; null leaves the choice.
/// </param>
/// <param name="Revision">
/// A branch, a tag, or a commit, which the cache knows by its first digits too; null for main.
/// </param>
internal sealed record HubReference(
    HubName Name, string? File = null, string? Quant = null, string? Revision = null)
{
    /// <summary>How it is written.</summary>
    public const string Form = "OWNER/NAME[@REVISION], with /FILE or :FORMAT behind it";

    private static readonly SearchValues<char> Signs = SearchValues.Create("@/:");

    /// <summary>
    /// Reads it; null where it is none. What has a slash before any other sign begins with an owner. A slash in a
    /// revision is written <c>%2F</c>.
    /// </summary>
    public static HubReference? TryParse(string text)
    {
        int first = text.AsSpan().IndexOfAny(Signs);
        return Parse(text, first >= 0 && text[first] == '/' ? first + 1 : 0);
    }

    /// <summary>
    /// Reads it as what is in a cache: <c>gpt2/FILE</c> is a file of a model without an owner where that model is there
    /// and none of this name is. Null where it is no reference, whatever the cache has.
    /// </summary>
    public static HubReference? TryParse(string text, HubCache cache)
    {
        HubReference? owned = TryParse(text);
        return (owned is null || !cache.HasModel(owned.Name))
            && Parse(text, 0) is { } ownerless && cache.HasModel(ownerless.Name)
                ? ownerless
                : owned;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string revision = Revision is null ? "" : $"@{Uri.EscapeDataString(Revision)}";
        return (File, Quant) switch
        {
            ({ } file, _) => $"{Name}{revision}/{file}",
            (_, { } quant) => $"{Name}{revision}:{quant}",
            _ => $"{Name}{revision}",
        };
    }

    // The model's name ends at the first sign after the place where what follows the owner begins.
    private static HubReference? Parse(string text, int start)
    {
        int end = NextSign(text, start);
        int behind = end;
        string? revision = null;
        if (end < text.Length && text[end] == '@')
        {
            behind = NextSign(text, end + 1);
            revision = Uri.UnescapeDataString(text[(end + 1)..behind]);
        }

        if (HubName.TryParse(text[..end]) is not { } name
            || (revision is not null && HubPath.Fault(revision) is not null))
        {
            return null;
        }

        HubReference model = new(name, Revision: revision);
        return text[behind..] switch
        {
            "" => model,
            ['/', .. var file] when HubPath.Fault(file) is null => model with { File = file },
            [':', .. var quant] when IsQuant(quant) => model with { Quant = quant },
            _ => null,
        };
    }

    private static int NextSign(string text, int start)
    {
        int length = text.AsSpan(start).IndexOfAny(Signs);
        return length < 0 ? text.Length : start + length;
    }

    private static bool IsQuant(string text) =>
        text.Length is > 0 and <= 64
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
}
