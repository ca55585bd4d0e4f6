namespace Chaku.Model.Hub;

/// <summary>What a command line names: a model on the Hub, and perhaps which of its files.</summary>
/// <param name="Name">The model.</param>
/// <param name="File">A file of it; null leaves the choice.</param>
/// <param name="Quant">
/// What the GGUF file's name says of its format, such as <c>Q4_K_M</c>; null leaves the choice.
/// </param>
internal sealed record HubReference(HubName Name, string? File = null, string? Quant = null)
{
    /// <summary>How it is written.</summary>
    public const string Form = "OWNER/NAME, OWNER/NAME/FILE or OWNER/NAME:FORMAT";

    /// <summary>Reads one of the three forms; null where it is none.</summary>
    public static HubReference? TryParse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            string quant = text[(colon + 1)..];
            return HubName.TryParse(text[..colon]) is { } model && IsQuant(quant)
                ? new HubReference(model, Quant: quant)
                : null;
        }

        string[] parts = text.Split('/', 3);
        return parts.Length >= 2 && HubName.TryParse($"{parts[0]}/{parts[1]}") is { } name
            && (parts.Length == 2 || HubPath.Fault(parts[2]) is null)
                ? new HubReference(name, parts.ElementAtOrDefault(2))
                : null;
    }

    /// <inheritdoc/>
    public override string ToString() => (File, Quant) switch
    {
        ({ } file, _) => $"{Name}/{file}",
        (_, { } quant) => $"{Name}:{quant}",
        _ => Name.Id,
    };

    private static bool IsQuant(string text) =>
        text.Length is > 0 and <= 64
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
}
