using System.Text;

namespace Chaku.Cli;

/// <summary>
/// Standard error that may be closed or full: there is nowhere left to say so, and work of hours must not end for want
/// of a progress line. The exit code still tells.
/// </summary>
/// <param name="inner">Writes at once.</param>
internal sealed class StandardError(StreamWriter inner) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Write([value]);

    /// <inheritdoc/>
    public override void Write(string? value) => Write(value.AsSpan());

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The summary says why; the next line is tried again, since a full disk may have room by then.
            return;
        }
    }
}
