using System.Text;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers.Patterns;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Writes something in the place of every match of a pattern.</summary>
internal sealed class ReplaceNormaliser(SplitPattern pattern, byte[] content) : TextNormaliser
{
    private const int MaximumContentLength = 64;

    /// <summary>Reads <c>pattern</c> and <c>content</c>.</summary>
    public static ReplaceNormaliser Read(JsonField field)
    {
        field.AllowOnly("type", "pattern", "content");
        byte[] content = Encoding.UTF8.GetBytes(field["content"].AsText());
        return content.Length <= MaximumContentLength
            ? new(PatternField.Read(field["pattern"]), content)
            : throw field["content"].Wrong($"at most {MaximumContentLength} bytes");
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] text, bool afterMark)
    {
        PatternSearch search = pattern.Search(text);
        if (!search.MoveNext())
        {
            return text;
        }

        List<byte> rewritten = new(text.Length);
        int end = 0;
        do
        {
            rewritten.AddRange(text.AsSpan(end, search.Start - end));
            rewritten.AddRange(content);
            end = search.End;
        }
        while (search.MoveNext());
        rewritten.AddRange(text.AsSpan(end));
        return [.. rewritten];
    }
}
