namespace Chaku.Model.Decoding;

/// <summary>The feed forward of one layer: a single one, or experts.</summary>
internal abstract class FeedForward
{
    /// <summary>Every linear layer that an adapter can change.</summary>
    public abstract IEnumerable<Linear> Linears { get; }

    /// <summary>The feed forward of a layer.</summary>
    public static FeedForward Create(DecoderConfig config, LayerWeights weights, LinearList linears) =>
        weights.Experts is { } experts
            ? new ExpertFeedForward(config, experts, linears)
            : new DenseFeedForward(config.FeedForward, weights.FeedForward!, linears);

    /// <summary>output = feed forward(input).</summary>
    /// <param name="input">[T, hidden], normed.</param>
    /// <param name="runs">Neighbouring rows with the same adapter.</param>
    /// <param name="tape">Keeps what the backward needs; null when serving.</param>
    /// <param name="output">[T, hidden], overwritten.</param>
    public abstract void Forward(
        ref LinearInput input, ReadOnlySpan<AdapterRun> runs, LayerTape? tape, Span<float> output);

    /// <summary>Fills a tape as <see cref="Forward"/> does, without the output.</summary>
    /// <param name="input">[T, hidden], normed.</param>
    /// <param name="runs">Neighbouring rows with the same adapter.</param>
    /// <param name="tape">Keeps what the backward needs.</param>
    public abstract void ForwardAgain(ref LinearInput input, ReadOnlySpan<AdapterRun> runs, LayerTape tape);
}

/// <summary>down(f(gate(x)) · up(x)), or down(f(up(x))).</summary>
internal sealed class DenseFeedForward : FeedForward
{
    private readonly FeedForwardConfig _config;

    /// <summary>A feed forward.</summary>
    public DenseFeedForward(FeedForwardConfig config, FeedForwardWeights weights, LinearList linears)
    {
        _config = config;
        Linear[] projections = [.. weights.Projections.Select(linears.Add)];
        Projection = config.IsFused
            ? new Projection(
                projections[0],
                [
                    new OutputSlice(0, 0, 0, config.InnerSize),
                    new OutputSlice(1, config.InnerSize, 0, config.InnerSize),
                ])
            : new Projection(projections);
        Down = linears.Add(weights.Down);
    }

    /// <summary>Up and gate; the first part is the one that the activation function is applied to.</summary>
    public Projection Projection { get; }

    /// <summary>[hidden, inner].</summary>
    public Linear Down { get; }

    /// <inheritdoc/>
    public override IEnumerable<Linear> Linears => Projection.Linears.Append(Down);

    /// <inheritdoc/>
    public override void Forward(
        ref LinearInput input, ReadOnlySpan<AdapterRun> runs, LayerTape? tape, Span<float> output)
    {
        Workspace workspace = input.Workspace;
        ProjectedParts parts = Project(
            ref input, runs, tape?.Activated ?? workspace.Activated, tape?.Factor ?? workspace.Factor);
        Span<float> product = tape is null ? parts[0] : workspace.Activated.Take(parts[0].Length);
        Activate(workspace, parts, product);
        LinearInput productInput = new(workspace, product, input.IsExact);
        Down.Forward(ref productInput, runs, output);
    }

    /// <inheritdoc/>
    public override void ForwardAgain(ref LinearInput input, ReadOnlySpan<AdapterRun> runs, LayerTape tape) =>
        Project(ref input, runs, tape.Activated, tape.Factor);

    /// <summary>Gate and up, or up alone.</summary>
    /// <param name="input">[T, hidden].</param>
    /// <param name="runs">Neighbouring rows with the same adapter.</param>
    /// <param name="activated">Holds what the activation function is applied to.</param>
    /// <param name="factor">Holds what its values are multiplied with.</param>
    public ProjectedParts Project(
        ref LinearInput input, ReadOnlySpan<AdapterRun> runs, GrowingBuffer activated, GrowingBuffer factor)
    {
        int width = input.Values.Length / Projection.Linears[0].InputSize * _config.InnerSize;
        ProjectedParts parts = new(activated.Take(width), _config.IsGated ? factor.Take(width) : []);
        Projection.Forward(ref input, runs, parts);
        return parts;
    }

    /// <summary>product = f(gate) · up, or f(up).</summary>
    public void Activate(Workspace workspace, ProjectedParts parts, Span<float> product)
    {
        if (_config.IsGated)
        {
            _config.Activation.ForwardGated(workspace.Pool, parts[0], parts[1], product);
        }
        else
        {
            _config.Activation.Forward(workspace.Pool, parts[0], product);
        }
    }

    /// <summary>The parts become their gradients.</summary>
    /// <param name="workspace">Threads.</param>
    /// <param name="parts">As projected.</param>
    /// <param name="dProduct">The gradient of the product.</param>
    public void BackwardActivation(Workspace workspace, ProjectedParts parts, ReadOnlySpan<float> dProduct)
    {
        if (_config.IsGated)
        {
            _config.Activation.BackwardGatedInPlace(workspace.Pool, parts[0], parts[1], dProduct);
        }
        else
        {
            _config.Activation.BackwardInPlace(workspace.Pool, parts[0], dProduct);
        }
    }
}
