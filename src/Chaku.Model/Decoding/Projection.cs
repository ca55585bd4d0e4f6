using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>Where some of a matrix's outputs belong.</summary>
/// <param name="Part">The number of the part.</param>
/// <param name="Start">The first output in the matrix.</param>
/// <param name="Target">The first output in the part.</param>
/// <param name="Length">How many.</param>
internal readonly record struct OutputSlice(int Part, int Start, int Target, int Length);

/// <summary>
/// Outputs in several parts of one input: queries, keys and values, or gate and up. Each part has its own matrix, or
/// all lie in one, in any order.
/// </summary>
internal sealed class Projection
{
    private readonly OutputSlice[] _slices;

    /// <summary>A matrix for each part.</summary>
    public Projection(params IReadOnlyList<Linear> parts)
    {
        Linears = parts;
        _slices = [];
    }

    /// <summary>One matrix for all parts.</summary>
    /// <param name="fused">The matrix.</param>
    /// <param name="slices">Where its outputs belong; together all of them.</param>
    public Projection(Linear fused, IEnumerable<OutputSlice> slices)
    {
        Linears = [fused];
        _slices = [.. slices];
    }

    /// <summary>A matrix for each part, or one.</summary>
    public IReadOnlyList<Linear> Linears { get; }

    /// <summary>Whether all parts lie in one matrix.</summary>
    public bool IsFused => _slices.Length > 0;

    /// <summary>The slices of queries, keys and values in one matrix.</summary>
    public static IEnumerable<OutputSlice> Slices(AttentionConfig attention)
    {
        int groupCount = attention.Projection == ProjectionLayout.Grouped ? attention.KvHeadCount : 1;
        int queries = attention.QueryWidth / groupCount;
        int keys = attention.KvWidth / groupCount;
        for (int group = 0; group < groupCount; group++)
        {
            int start = group * (queries + (2 * keys));
            yield return new OutputSlice(0, start, group * queries, queries);
            yield return new OutputSlice(1, start + queries, group * keys, keys);
            yield return new OutputSlice(2, start + queries + keys, group * keys, keys);
        }
    }

    /// <summary>The parts' outputs.</summary>
    /// <param name="x">[T, in].</param>
    /// <param name="runs">Neighbouring rows with the same adapter.</param>
    /// <param name="parts">[T, width] each, overwritten; those that there are not, empty.</param>
    public void Forward(ref LinearInput x, ReadOnlySpan<AdapterRun> runs, ProjectedParts parts)
    {
        if (!IsFused)
        {
            ForwardParts(ref x, runs, parts);
            return;
        }

        Linear linear = Linears[0];
        int rowCount = x.Values.Length / linear.InputSize;
        Span<float> fused = x.Workspace.Fused.Take(rowCount * linear.OutputSize);
        linear.Forward(ref x, runs, fused);
        foreach (OutputSlice slice in _slices)
        {
            Span<float> part = parts[slice.Part];
            int width = part.Length / rowCount;
            for (int row = 0; row < rowCount; row++)
            {
                fused.Slice((row * linear.OutputSize) + slice.Start, slice.Length)
                    .CopyTo(part.Slice((row * width) + slice.Target, slice.Length));
            }
        }
    }

    // Matrices that read the input in one form are multiplied in one dispatch.
    private void ForwardParts(ref LinearInput x, ReadOnlySpan<AdapterRun> runs, ProjectedParts parts)
    {
        if (!ShareInput(ref x))
        {
            for (int part = 0; part < Linears.Count; part++)
            {
                Linears[part].Forward(ref x, runs, parts[part]);
            }

            return;
        }

        WeightProduct first = new(Linears[0].Weight, parts[0]);
        WeightProduct second = new(Linears[1].Weight, parts[1]);
        WeightProduct third = Linears.Count > 2 ? new(Linears[2].Weight, parts[2]) : default;
        if (x.RoundedFor(first.Weight) is { } rounded)
        {
            QuantMatmul.Forward(x.Workspace.Pool, rounded, first, second, third);
        }
        else
        {
            FloatMatmul.Forward(x.Workspace.Pool, x.Values, first, second, third);
        }

        for (int part = 0; part < Linears.Count; part++)
        {
            Linears[part].Finish(ref x, runs, parts[part]);
        }
    }

    private bool ShareInput(ref LinearInput x)
    {
        for (int part = 1; part < Linears.Count; part++)
        {
            if (x.RoundedFor(Linears[part].Weight) != x.RoundedFor(Linears[0].Weight))
            {
                return false;
            }
        }

        return Linears.Count > 1;
    }

    /// <summary>
    /// The parts side by side as they are in the one matrix's outputs: the transpose of splitting them.
    /// </summary>
    /// <param name="parts">[T, width] each.</param>
    /// <param name="fused">[T, out], overwritten.</param>
    public void Join(ProjectedParts parts, Span<float> fused)
    {
        int rowCount = fused.Length / Linears[0].OutputSize;
        foreach (OutputSlice slice in _slices)
        {
            Span<float> part = parts[slice.Part];
            int width = part.Length / rowCount;
            for (int row = 0; row < rowCount; row++)
            {
                part.Slice((row * width) + slice.Target, slice.Length)
                    .CopyTo(fused.Slice((row * Linears[0].OutputSize) + slice.Start, slice.Length));
            }
        }
    }
}

/// <summary>Outputs of a <see cref="Projection"/>, or their gradients: up to three.</summary>
internal readonly ref struct ProjectedParts(
    Span<float> first, Span<float> second = default, Span<float> third = default)
{
    private readonly Span<float> _first = first;
    private readonly Span<float> _second = second;
    private readonly Span<float> _third = third;

    /// <summary>One part.</summary>
    public Span<float> this[int part] => part switch
    {
        0 => _first,
        1 => _second,
        2 => _third,
        _ => throw new ArgumentOutOfRangeException(nameof(part), $"there are three parts, not {part + 1}"),
    };
}
