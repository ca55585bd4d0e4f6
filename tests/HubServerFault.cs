namespace Chaku.Tests;

/// <summary>A request that came to one of the server's two hosts.</summary>
/// <param name="IsStorage">Whether it came to the host that stores the files.</param>
/// <param name="Method">GET or HEAD.</param>
/// <param name="Target">The path and the query.</param>
/// <param name="Headers">By name, in small letters.</param>
internal sealed record HubServerRequest(
    bool IsStorage, string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    public string? Authorization => Headers.GetValueOrDefault("authorization");

    public string? Range => Headers.GetValueOrDefault("range");

    public bool IsListing => Target.StartsWith("/api/models/", StringComparison.Ordinal);
}

/// <summary>How the server answers otherwise than it should; the rest is as it should be.</summary>
internal sealed record HubServerFault
{
    public int? Status { get; init; }

    /// <summary>Further header lines; one of the same name takes the place of the right one.</summary>
    public string[] Headers { get; init; } = [];

    /// <summary>Another body.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Bytes of the body after which the connection is closed.</summary>
    public long? CutAfter { get; init; }

    /// <summary>The byte of the body that is sent wrong.</summary>
    public long? FlipAt { get; init; }

    /// <summary>Whether a part is answered with the whole.</summary>
    public bool IgnoresRange { get; init; }

    /// <summary>Whether the connection stays open and silent after <see cref="CutAfter"/>.</summary>
    public bool Stalls { get; init; }

    /// <summary>Whether the body never ends, and has no stated length.</summary>
    public bool IsEndless { get; init; }
}
