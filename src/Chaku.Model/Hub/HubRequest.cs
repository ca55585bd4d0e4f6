using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Chaku.Model.Hub;

/// <summary>What is asked of the Hub, so that a refusal can be explained.</summary>
/// <param name="Endpoint">The Hub's address.</param>
/// <param name="Name">The model.</param>
/// <param name="Revision">The branch, tag or commit.</param>
/// <param name="Path">The file; null where the list of files was asked for.</param>
/// <param name="HasToken">Whether a token was sent.</param>
/// <remarks>
/// Codes: <c>hf_raise_for_status</c> in <c>utils/_http.py</c> of huggingface_hub. A 401 without a code is what the Hub
/// answers for models that do not exist, so that private ones cannot be told from them.
/// </remarks>
internal sealed record HubRequest(Uri Endpoint, HubName Name, string Revision, string? Path, bool HasToken)
{
    private const int LongestMessage = 300;

    /// <summary>What is asked for, in a few words.</summary>
    public string What => Path is null ? Name.Id : $"{Name}/{Path}";

    private string Page => $"{Endpoint.AbsoluteUri.TrimEnd('/')}/{Name}";

    private string TokenPage => $"{Endpoint.AbsoluteUri.TrimEnd('/')}/settings/tokens";

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
            throw new ConnectionException(Said(response), WaitOf(response.Headers.RetryAfter, clock));
        }

        throw new HubException(Explain(response));
    }

    private string Explain(HttpResponseMessage response)
    {
        string? code = Header(response, "X-Error-Code");
        string? message = Header(response, "X-Error-Message");
        bool isDenied = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
        return code switch
        {
            "GatedRepo" => HasToken
                ? $"{Name} is gated, and the account of HF_TOKEN may not read it: open {Page} with that account, "
                + "accept the terms (some owners answer by hand, later), and let the token read gated models"
                : $"{Name} is gated: open {Page}, accept the terms, and set HF_TOKEN to a token of that account "
                + $"({TokenPage})",
            "RevisionNotFound" => $"{Name} has no revision {ModelFormatException.Quote(Revision)}",
            "EntryNotFound" => $"{Name} has no file {ModelFormatException.Quote(Path ?? "")} at {Revision}",
            null when isDenied && message?.StartsWith("Invalid", StringComparison.Ordinal) == true =>
                $"the token of HF_TOKEN, or of the token's file, is not accepted: see {TokenPage}",
            "RepoNotFound" or null when isDenied || response.StatusCode == HttpStatusCode.NotFound => NotFound(),
            _ => $"{What}: {Said(response)}",
        };
    }

    private static string Said(HttpResponseMessage response) => string.Create(
        CultureInfo.InvariantCulture, $"the server answers {(int)response.StatusCode} ({Reason(response)})");

    private string NotFound() => $"there is no model {Name} at {Endpoint.AbsoluteUri.TrimEnd('/')}, or it is private: "
        + (HasToken
            ? "check the name, and whether the account of HF_TOKEN may read it"
            : $"check the name; for a private one set HF_TOKEN to a token that may read it ({TokenPage})");

    private static string Reason(HttpResponseMessage response)
    {
        string text = Header(response, "X-Error-Message") ?? response.ReasonPhrase ?? "no reason given";
        return ModelFormatException.Quote(text.Length > LongestMessage ? text[..LongestMessage] : text).Trim('\'');
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    private static TimeSpan? WaitOf(RetryConditionHeaderValue? header, TimeProvider clock)
    {
        TimeSpan? wait = header?.Delta ?? (header?.Date - clock.GetUtcNow());
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
