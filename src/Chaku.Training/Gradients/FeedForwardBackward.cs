using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>The backward of <see cref="FeedForward"/>, of both kinds.</summary>
internal sealed class FeedForwardBackward(Decoder decoder, LinearBackward linears) : IDisposable
{
    private readonly GrowingBuffer _dProduct = new();
    private readonly GrowingBuffer _activated = new();
    private readonly GrowingBuffer _factor = new();
    private readonly GrowingBuffer _dExpertInput = new();
    private readonly GrowingBuffer _dExpertOutput = new();
    private readonly GrowingBuffer _dWeights = new();
    private readonly GrowingBuffer _dLogits = new();

    private Workspace Workspace => decoder.Workspace;

    /// <summary>Adds to the gradient of the feed forward's input.</summary>
    /// <param name="feedForward">The feed forward.</param>
    /// <param name="runs">As in the forward.</param>
    /// <param name="tape">What the forward kept; overwritten.</param>
    /// <param name="normed">[T, hidden], the forward's input.</param>
    /// <param name="dOutput">[T, hidden].</param>
    /// <param name="dNormed">[T, hidden], added to; empty where nothing below needs it.</param>
    public void Run(
        FeedForward feedForward,
        ReadOnlySpan<AdapterRun> runs,
        LayerTape tape,
        ReadOnlySpan<float> normed,
        ReadOnlySpan<float> dOutput,
        Span<float> dNormed)
    {
        switch (feedForward)
        {
            case DenseFeedForward dense:
                int width = normed.Length / decoder.Config.HiddenSize * decoder.Config.FeedForward.InnerSize;
                ProjectedParts parts = new(
                    tape.Activated.Held(width), decoder.Config.FeedForward.IsGated ? tape.Factor.Held(width) : []);
                Dense(dense, runs, parts, normed, dOutput, dNormed);
                break;
            case ExpertFeedForward experts when !dNormed.IsEmpty:
                Experts(experts, tape.Experts, normed, dOutput, dNormed);
                break;
            default:
                // Experts are not trained: without a layer below that is, they have no backward.
                break;
        }
    }

    /// <summary>Bytes held.</summary>
    public long ByteLength => Buffers.Sum(buffer => buffer.ByteLength);

    private IEnumerable<GrowingBuffer> Buffers =>
        [_dProduct, _activated, _factor, _dExpertInput, _dExpertOutput, _dWeights, _dLogits];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrowingBuffer buffer in Buffers)
        {
            buffer.Dispose();
        }
    }

    private void Dense(
        DenseFeedForward feedForward,
        ReadOnlySpan<AdapterRun> runs,
        ProjectedParts parts,
        ReadOnlySpan<float> normed,
        ReadOnlySpan<float> dOutput,
        Span<float> dNormed)
    {
        Span<float> product = Workspace.Activated.Take(parts[0].Length);
        feedForward.Activate(Workspace, parts, product);
        Span<float> dProduct = _dProduct.TakeZeros(product.Length);
        linears.Run(feedForward.Down, runs, product, dOutput, dProduct);
        feedForward.BackwardActivation(Workspace, parts, dProduct);
        linears.Run(feedForward.Projection, runs, normed, parts, dNormed);
    }

    private void Experts(
        ExpertFeedForward experts,
        ExpertChoice choice,
        ReadOnlySpan<float> normed,
        ReadOnlySpan<float> dOutput,
        Span<float> dNormed)
    {
        Span<float> dWeights = _dWeights.Take(choice.Weights.Length);
        for (int expert = 0; expert < experts.Experts.Count; expert++)
        {
            ReadOnlySpan<int> places = choice.GatherRows(expert);
            if (!places.IsEmpty)
            {
                Expert(experts, experts.Experts[expert], choice, places, normed, dOutput, dWeights, dNormed);
            }
        }

        Span<float> logits = choice.Logits.Held(choice.RowCount * experts.Config.Count);
        Span<float> dLogits = _dLogits.TakeZeros(logits.Length);
        ExpertRouter.Backward(
            experts.Config.Weighting, logits, choice.RowCount, choice.Chosen, choice.Weights, dWeights, dLogits);
        linears.Run(experts.Router, [], normed, dLogits, dNormed);
    }

    private void Expert(
        ExpertFeedForward experts,
        DenseFeedForward expert,
        ExpertChoice choice,
        ReadOnlySpan<int> places,
        ReadOnlySpan<float> normed,
        ReadOnlySpan<float> dOutput,
        Span<float> dWeights,
        Span<float> dNormed)
    {
        int hidden = decoder.Config.HiddenSize;
        Span<float> gathered = Workspace.ExpertInput.Take(places.Length * hidden);
        experts.Gather(normed, places, gathered);
        LinearInput input = new(Workspace, gathered, decoder.IsExact);
        ProjectedParts parts = expert.Project(ref input, [], _activated, _factor);
        Span<float> product = Workspace.Activated.Take(parts[0].Length);
        expert.Activate(Workspace, parts, product);
        Span<float> y = Workspace.ExpertOutput.Take(gathered.Length);
        LinearInput productInput = new(Workspace, product, decoder.IsExact);
        expert.Down.Forward(ref productInput, [], y);

        Span<float> dy = _dExpertOutput.Take(gathered.Length);
        experts.Gather(dOutput, places, dy);
        for (int i = 0; i < places.Length; i++)
        {
            Span<float> row = dy.Slice(i * hidden, hidden);
            dWeights[places[i]] = VectorMath.Dot(row, y.Slice(i * hidden, hidden));
            VectorMath.Scale(choice.Weights[places[i]], row);
        }

        Span<float> dGathered = _dExpertInput.TakeZeros(gathered.Length);
        Dense(expert, [], parts, gathered, dy, dGathered);
        for (int i = 0; i < places.Length; i++)
        {
            int row = places[i] / experts.Config.UsedCount;
            VectorMath.Add(dGathered.Slice(i * hidden, hidden), dNormed.Slice(row * hidden, hidden));
        }
    }
}
