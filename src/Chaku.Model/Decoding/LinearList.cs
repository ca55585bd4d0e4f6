using System.Collections;

namespace Chaku.Model.Decoding;

/// <summary>A decoder's linear layers, numbered in the order in which they were made.</summary>
internal sealed class LinearList : IReadOnlyList<Linear>
{
    private readonly List<Linear> _all = [];

    /// <inheritdoc/>
    public int Count => _all.Count;

    /// <inheritdoc/>
    public Linear this[int index] => _all[index];

    /// <summary>A linear layer over a matrix.</summary>
    public Linear Add(NamedMatrix matrix)
    {
        Linear linear = new(_all.Count, matrix);
        _all.Add(linear);
        return linear;
    }

    /// <inheritdoc/>
    public IEnumerator<Linear> GetEnumerator() => _all.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
