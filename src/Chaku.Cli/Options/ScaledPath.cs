using System.Globalization;

namespace Chaku.Cli.Options;

/// <summary>An adapter with the strength that it acts with: <c>my-adapter=0.5</c>.</summary>
internal static class ScaledPath
{
    /// <summary>Splits the text; where the whole of it exists, it is a path whose name has the sign in it.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="option">What it was given as, for messages.</param>
    /// <exception cref="UsageException">The scale is no number.</exception>
    public static (string Path, float Scale) Split(string text, string option)
    {
        int sign = text.LastIndexOf('=');
        if (sign < 0 || Path.Exists(text))
        {
            return (text, 1);
        }

        return float.TryParse(text.AsSpan(sign + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out float scale)
            && float.IsFinite(scale)
                ? (text[..sign], scale)
                : throw new UsageException($"{option} takes a scale that is a number, not '{text[(sign + 1)..]}'");
    }
}
