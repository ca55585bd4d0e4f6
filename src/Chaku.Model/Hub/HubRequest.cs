using System.Globalization;
using System.Net;

namespace Chaku.Model.Hub;

/// <summary>What is asked of the Hub, so that a refusal can be explained.</summary>
/// <param name="Hub">The Hub, and who asks.</param>
/// <param name="Name">The model.</param>
/// <param name="Revision">The branch, tag or commit.</param>
/// <param name="Path">The file; null where the list of files was asked for.</param>
/// <remarks>
/// Codes and messages: <c>hf_raise_for_status</c> in <c>utils/_http.py</c> of huggingface_hub. A 401 without a code is
/// what the Hub answers to nobody in particular for models that do not exist, so that private ones cannot be told from
/// them; its words, "Invalid username or password.", say nothing of a token.
/// </remarks>
internal sealed record HubRequest(HubSettings Hub, HubName Name, string Revision, string? Path)
{
    private const int LongestMessage = 300;

    // An address of the host that stores the files is signed for a while; the next attempt gets a fresh one.
    private const int AttemptsAtAnotherHost = 2;

    private const string WrongToken = "Invalid credentials in Authorization header";

    /// <summary>What is asked for, in a few words.</summary>
    public string What => Path is null ? Name.Id : $"{Name}/{Path}";

    private bool HasToken => Hub.Token is not null;

    private string Page => $"{Hub.Address}/{Name}";

    private string TokenPage => $"{Hub.Address}/settings/tokens";

    /// <summary>Does nothing where the answer has what was asked for.</summary>
    /// <exception cref="ConnectionException">Another attempt may succeed.</exception>
    /// <exception cref="HubException">It is refused; the message says why and what would help.</exception>
    public void Check(HttpResponseMessage response, TimeProvider clock)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        if (response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
        {
            throw new ConnectionException(Said(response), HubHeaders.WaitOf(response, clock));
        }

        throw OtherHost(response) is not null && IsDenied(response)
            ? new ConnectionException(Said(response)) { MostAttempts = AttemptsAtAnotherHost }
            : new HubException(Explain(response));
    }

    private string Explain(HttpResponseMessage response)
    {
        if (OtherHost(response) is not null)
        {
            return $"{What}: {Said(response)}";
        }

        return HubHeaders.Find(response, HubHeaders.ErrorCode) switch
        {
            "GatedRepo" => HasToken
                ? $"{Name} is gated, and the account of HF_TOKEN may not read it: open {Page} with that account, "
                + "accept the terms (some owners answer by hand, later), and let the token read gated models"
                : $"{Name} is gated: open {Page}, accept the terms, and set HF_TOKEN to a token of that account "
                + $"({TokenPage})",
            "RevisionNotFound" => $"{Name} has no revision {ModelFormatException.Quote(Revision)}",
            "EntryNotFound" => $"{Name} has no file {ModelFormatException.Quote(Path ?? "")} at {Revision}",
            "RepoNotFound" => NotFound(),
            null when HasToken && IsDenied(response)
                && HubHeaders.Find(response, HubHeaders.ErrorMessage) == WrongToken =>
                $"the token of HF_TOKEN, or of the token's file, is not accepted: see {TokenPage}",
            null when response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.NotFound => NotFound(),
            _ => $"{What}: {Said(response)}",
        };
    }

    private static bool IsDenied(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;

    // The host that answered, where it is not the Hub's own.
    private string? OtherHost(HttpResponseMessage response) =>
        response.RequestMessage?.RequestUri is { } address && !Hub.IsOwnHost(address) ? address.Authority : null;

    private string Said(HttpResponseMessage response) => string.Create(
        CultureInfo.InvariantCulture,
        $"{OtherHost(response) ?? "the server"} answers {(int)response.StatusCode} ({Reason(response)})");

    private string NotFound() => $"there is no model {Name} at {Hub.Address}, or it is private: "
        + (HasToken
            ? "check the name, and whether the account of HF_TOKEN may read it"
            : $"check the name; for a private one set HF_TOKEN to a token that may read it ({TokenPage})");

    private static string Reason(HttpResponseMessage response)
    {
        string text = HubHeaders.Find(response, HubHeaders.ErrorMessage) ?? response.ReasonPhrase ?? "no reason given";
        return ModelFormatException.Escape(text.Length > LongestMessage ? text[..LongestMessage] : text);
    }
}
