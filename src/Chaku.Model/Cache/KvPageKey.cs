using System.Runtime.CompilerServices;

namespace Chaku.Model.Cache;

/// <summary>What a full page holds: its tokens, the page before it, and the adapter that they went through.</summary>
internal sealed class KvPageKey : IEquatable<KvPageKey>
{
    private readonly KvPage? _previous;
    private readonly object? _adapter;
    private readonly int[] _tokens;
    private readonly int _hash;

    /// <summary>A key.</summary>
    /// <param name="previous">The page of the 64 positions before; null for the first.</param>
    /// <param name="adapter">The adapter, compared by identity; null for none.</param>
    /// <param name="tokens">The page's tokens.</param>
    public KvPageKey(KvPage? previous, object? adapter, ReadOnlySpan<int> tokens)
    {
        _previous = previous;
        _adapter = adapter;
        _tokens = tokens.ToArray();
        HashCode hash = default;
        hash.Add(previous is null ? 0 : RuntimeHelpers.GetHashCode(previous));
        hash.Add(adapter is null ? 0 : RuntimeHelpers.GetHashCode(adapter));
        foreach (int token in tokens)
        {
            hash.Add(token);
        }

        _hash = hash.ToHashCode();
    }

    /// <inheritdoc/>
    public bool Equals(KvPageKey? other) =>
        other is not null && ReferenceEquals(_previous, other._previous) && ReferenceEquals(_adapter, other._adapter)
        && _tokens.AsSpan().SequenceEqual(other._tokens);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as KvPageKey);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;
}
