using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Chaku.Model.Hub;

/// <summary>What the Hub says in the headers of its answers.</summary>
/// <remarks>
/// Names: <c>file_download.py</c> and <c>utils/_http.py</c> of huggingface_hub. <c>RateLimit</c>, as in
/// <c>"resolvers";r=0;t=213</c>, has the seconds until a window of requests ends: huggingface.co/docs/hub/rate-limits.
/// </remarks>
internal static partial class HubHeaders
{
    /// <summary>What is wrong, in one word.</summary>
    public const string ErrorCode = "X-Error-Code";

    /// <summary>What is wrong, in a sentence.</summary>
    public const string ErrorMessage = "X-Error-Message";

    /// <summary>What a file on another host hashes to.</summary>
    public const string LinkedEtag = "X-Linked-Etag";

    /// <summary>The length of a file on another host.</summary>
    public const string LinkedSize = "X-Linked-Size";

    /// <summary>A header's first value; null where the answer has none.</summary>
    public static string? Find(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    /// <summary>How long the server asks to wait; null where it does not say.</summary>
    public static TimeSpan? WaitOf(HttpResponseMessage response, TimeProvider clock)
    {
        TimeSpan? wait = response.Headers.RetryAfter?.Delta ?? (response.Headers.RetryAfter?.Date - clock.GetUtcNow());
        return wait is null && response.StatusCode == HttpStatusCode.TooManyRequests
            ? WindowEnd(Find(response, "RateLimit"))
            : wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    // The seconds are rounded, so one more is waited.
    private static TimeSpan? WindowEnd(string? limit) => Seconds().Match(limit ?? "") is { Success: true } found
        ? TimeSpan.FromSeconds(int.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) + 1)
        : null;

    [GeneratedRegex(@";\s*t=(\d{1,8})\b", RegexOptions.CultureInvariant)]
    private static partial Regex Seconds();
}
