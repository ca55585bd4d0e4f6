using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Decoders;

/// <summary>
/// Takes some of one character from the ends of every token, or the one space that a text begins with.
/// </summary>
internal sealed class StripDecoder : TokenDecoder
{
    private const int MaximumCount = 1024;

    private readonly byte[] _content;
    private readonly int _startCount;
    private readonly int _stopCount;

    private StripDecoder(byte[] content, int startCount, int stopCount)
    {
        _content = content;
        _startCount = startCount;
        _stopCount = stopCount;
    }

    /// <inheritdoc/>
    public override bool DropsFirstSpace => _content.Length == 0;

    /// <summary>Reads <c>content</c>, <c>start</c> and <c>stop</c>.</summary>
    public static StripDecoder Read(JsonField field)
    {
        field.AllowOnly("type", "content", "start", "stop");
        string content = field["content"].AsText();
        return content.EnumerateRunes().Count() == 1
            ? new(
                Encoding.UTF8.GetBytes(content),
                field["start"].AsInteger(maximum: MaximumCount),
                field["stop"].AsInteger(maximum: MaximumCount))
            : throw field["content"].Wrong("one character");
    }

    /// <summary>Reads the step where it works on the whole text, which may lose its first space.</summary>
    public static StripDecoder ReadFused(JsonField field)
    {
        StripDecoder decoder = Read(field);
        return decoder is { _startCount: 1, _stopCount: 0 } && decoder._content is [(byte)' ']
            ? new([], 0, 0)
            : throw field.Wrong("content \" \", start 1 and stop 0");
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] token)
    {
        ReadOnlySpan<byte> rest = token;
        for (int count = 0; count < _startCount && rest.StartsWith(_content); count++)
        {
            rest = rest[_content.Length..];
        }

        for (int count = 0; count < _stopCount && rest.EndsWith(_content); count++)
        {
            rest = rest[..^_content.Length];
        }

        return rest.Length == token.Length ? token : rest.ToArray();
    }
}
