using System.Text;

namespace Chaku.Model.Tokenizers;

/// <summary>Turns tokens into text as they come, never giving half a character.</summary>
/// <remarks>
/// Bytes that can still become a character wait for the next token; bytes that no longer can are U+FFFD at once. The
/// space that encoding puts before a text is left out, so a continuation needs the prompt's tokens appended first.
/// </remarks>
internal sealed class Detokenizer
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _showMarks;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private char[] _text = [];
    private bool _dropsSpace;

    /// <summary>Begins a text.</summary>
    /// <param name="tokenizer">The tokens' meaning.</param>
    /// <param name="showMarks">Whether control tokens are spelled out.</param>
    public Detokenizer(Tokenizer tokenizer, bool showMarks = false)
    {
        _tokenizer = tokenizer;
        _showMarks = showMarks;
        _dropsSpace = tokenizer.TextStartsWithSpace;
    }

    /// <summary>The text that this token completes; may be empty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such token.</exception>
    public string Append(int id)
    {
        ReadOnlySpan<byte> bytes = _tokenizer.BytesOf(id);
        if (_tokenizer.Vocabulary.IsMark(id))
        {
            return _showMarks ? Decode(bytes, flush: false) : "";
        }

        if (_dropsSpace && !bytes.IsEmpty)
        {
            _dropsSpace = false;
            bytes = bytes[0] == ' ' ? bytes[1..] : bytes;
        }

        return Decode(bytes, flush: false);
    }

    /// <summary>Ends the text: bytes that still wait become U+FFFD.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        int count = _decoder.GetCharCount(bytes, flush);
        if (count > _text.Length)
        {
            _text = new char[count];
        }

        return new(_text, 0, _decoder.GetChars(bytes, _text, flush));
    }
}
