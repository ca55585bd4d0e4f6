using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>
/// A mixture of experts: each token goes through those that a router picks, and their outputs are added.
/// </summary>
/// <remarks>
/// The router multiplies float32 activations, whatever the experts' format; experts are added in ascending order. No
/// adapter changes router or experts.
/// </remarks>
internal sealed class ExpertFeedForward : FeedForward
{
    private readonly ExpertsConfig _config;
    private readonly int _hidden;
    private readonly Linear _router;
    private readonly DenseFeedForward[] _experts;

    /// <summary>A router and its experts.</summary>
    public ExpertFeedForward(DecoderConfig config, ExpertsWeights weights, LinearList linears)
    {
        _config = config.FeedForward.Experts!;
        _hidden = config.HiddenSize;
        _router = linears.Add(weights.Router);
        _experts = [.. weights.All.Select(expert => new DenseFeedForward(config.FeedForward, expert, linears))];
    }

    /// <inheritdoc/>
    public override IEnumerable<Linear> Linears => [];

    /// <summary>[experts, hidden].</summary>
    public Linear Router => _router;

    /// <summary>The experts.</summary>
    public IReadOnlyList<DenseFeedForward> Experts => _experts;

    /// <summary>How many, and how they are picked.</summary>
    public ExpertsConfig Config => _config;

    /// <inheritdoc/>
    public override void Forward(
        ref LinearInput input, ReadOnlySpan<AdapterRun> runs, LayerTape? tape, Span<float> output)
    {
        Workspace workspace = input.Workspace;
        ExpertChoice choice = tape?.Experts ?? workspace.Experts;
        Route(workspace, input.Values, choice);
        output.Clear();
        for (int expert = 0; expert < _experts.Length; expert++)
        {
            if (choice.GatherRows(expert) is { IsEmpty: false } places)
            {
                Span<float> y = Run(workspace, input.Values, input.IsExact, places, expert);
                for (int i = 0; i < places.Length; i++)
                {
                    int row = places[i] / _config.UsedCount;
                    VectorMath.AddScaled(
                        choice.Weights[places[i]], y.Slice(i * _hidden, _hidden), output.Slice(row * _hidden, _hidden));
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void ForwardAgain(ref LinearInput input, ReadOnlySpan<AdapterRun> runs, LayerTape tape) =>
        Route(input.Workspace, input.Values, tape.Experts);

    /// <summary>The rows that a choice gives to an expert, side by side.</summary>
    /// <param name="rows">[T, hidden].</param>
    /// <param name="places">Places in the choice.</param>
    /// <param name="gathered">[places, hidden].</param>
    public void Gather(ReadOnlySpan<float> rows, ReadOnlySpan<int> places, Span<float> gathered)
    {
        for (int i = 0; i < places.Length; i++)
        {
            rows.Slice(places[i] / _config.UsedCount * _hidden, _hidden).CopyTo(gathered.Slice(i * _hidden, _hidden));
        }
    }

    /// <summary>One expert's output for its rows, before it is weighted.</summary>
    /// <param name="workspace">Threads and buffers.</param>
    /// <param name="rows">[T, hidden], the layer's normed input.</param>
    /// <param name="isExact">Activations stay float32.</param>
    /// <param name="places">The expert's places.</param>
    /// <param name="expert">Its number.</param>
    /// <returns>[places, hidden]; valid until the next expert runs.</returns>
    private Span<float> Run(
        Workspace workspace,
        ReadOnlySpan<float> rows,
        bool isExact,
        ReadOnlySpan<int> places,
        int expert)
    {
        Span<float> gathered = workspace.ExpertInput.Take(places.Length * _hidden);
        Gather(rows, places, gathered);
        Span<float> y = workspace.ExpertOutput.Take(places.Length * _hidden);
        LinearInput input = new(workspace, gathered, isExact);
        _experts[expert].Forward(ref input, [], null, y);
        return y;
    }

    private void Route(Workspace workspace, ReadOnlySpan<float> rows, ExpertChoice choice)
    {
        int rowCount = rows.Length / _hidden;
        Span<float> logits = choice.Logits.Take(rowCount * _config.Count);
        LinearInput input = new(workspace, rows, isExact: true);
        _router.Forward(ref input, [], logits);
        choice.Route(_config, rowCount);
    }
}
