using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>
/// Which experts each row of a batch goes through. A place is one of a row's picks: row · picks + number of the pick.
/// </summary>
internal sealed class ExpertChoice : IDisposable
{
    private readonly GrowingBuffer _weights = new();
    private int[] _chosen = [];
    private int[] _places = [];
    private int _placeCount;

    /// <summary>T.</summary>
    public int RowCount { get; private set; }

    /// <summary>[T, experts]: what the router gives.</summary>
    public GrowingBuffer Logits { get; } = new();

    /// <summary>Bytes held.</summary>
    public long ByteLength => Logits.ByteLength + _weights.ByteLength + (2L * sizeof(int) * _chosen.Length);

    /// <summary>[T, picks]: the weight of each pick.</summary>
    public ReadOnlySpan<float> Weights => _weights.Held(_placeCount);

    /// <summary>[T, picks]: the expert of each pick, ascending in a row.</summary>
    public ReadOnlySpan<int> Chosen => _chosen.AsSpan(0, _placeCount);

    /// <summary>Picks experts by the logits.</summary>
    public void Route(ExpertsConfig config, int rowCount)
    {
        RowCount = rowCount;
        _placeCount = rowCount * config.UsedCount;
        if (_chosen.Length < _placeCount)
        {
            _chosen = new int[_placeCount];
            _places = new int[_placeCount];
        }

        ExpertRouter.Forward(
            config.Weighting,
            Logits.Held(rowCount * config.Count),
            rowCount,
            _chosen.AsSpan(0, _placeCount),
            _weights.Take(_placeCount));
    }

    /// <summary>The places that picked an expert, ascending; valid until the next call.</summary>
    public ReadOnlySpan<int> GatherRows(int expert)
    {
        int count = 0;
        for (int place = 0; place < _placeCount; place++)
        {
            if (_chosen[place] == expert)
            {
                _places[count++] = place;
            }
        }

        return _places.AsSpan(0, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights.Dispose();
        Logits.Dispose();
    }
}
