using Chaku.Kernels.Formats;
using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>y = x · Wᵀ with quantised weights and activations rounded to 8 bits.</summary>
/// <remarks>
/// Bits: the integer sum inside a block is exact; then one float chain over ascending blocks, as
/// <see cref="QuantKernel.DotReference"/> defines it.
/// </remarks>
internal static class QuantMatmul
{
    private const int RowBlock = 16;

    /// <summary>y = x · Wᵀ.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">W [N, K], in a format that has a kernel.</param>
    /// <param name="x">[T, K], rounded by that kernel.</param>
    /// <param name="y">[T, N], float32, overwritten.</param>
    /// <exception cref="ArgumentException">Shapes disagree, or the format has no kernel.</exception>
    public static void Forward(ComputePool pool, WeightMatrix weight, RoundedActivations x, Span<float> y)
    {
        QuantKernel kernel = Check(weight, x, y);
        if (x.RowCount == 0)
        {
            return;
        }

        if (kernel.Panels is { } panels)
        {
            PanelWork work = new(panels, weight, x, y);
            pool.Run(work.ItemCount, ref work);
        }
        else
        {
            ReferenceWork work = new(kernel, weight, x, y);
            pool.Run((weight.Rows + RowBlock - 1) / RowBlock, ref work);
        }
    }

    /// <summary>The products of two or three weights with the same activations, in one dispatch.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[T, K], rounded as all of them ask for.</param>
    /// <param name="first">A weight and its product; likewise the others.</param>
    /// <param name="second">The second.</param>
    /// <param name="third">Empty where there are two.</param>
    /// <exception cref="ArgumentException">Shapes disagree, or a format has no kernel.</exception>
    public static void Forward(
        ComputePool pool,
        RoundedActivations x,
        WeightProduct first,
        WeightProduct second,
        WeightProduct third)
    {
        if (x.RowCount == 0 || !PanelKernel.IsSupported)
        {
            Forward(pool, first.Weight, x, first.Y);
            Forward(pool, second.Weight, x, second.Y);
            if (!third.IsEmpty)
            {
                Forward(pool, third.Weight, x, third.Y);
            }

            return;
        }

        PanelWork firstWork = Panels(first, x);
        PanelWork secondWork = Panels(second, x);
        PanelWork thirdWork = third.IsEmpty ? default : Panels(third, x);
        JoinedWork<PanelWork> work = new(
            firstWork,
            firstWork.ItemCount,
            secondWork,
            secondWork.ItemCount,
            thirdWork,
            third.IsEmpty ? 0 : thirdWork.ItemCount);
        pool.Run(work.ItemCount, ref work);
    }

    private static PanelWork Panels(WeightProduct product, RoundedActivations x) =>
        new(Check(product.Weight, x, product.Y).Panels!, product.Weight, x, product.Y);

    private static QuantKernel Check(WeightMatrix weight, RoundedActivations x, ReadOnlySpan<float> y)
    {
        QuantKernel kernel = weight.Format.Kernel
            ?? throw new ArgumentException($"{weight.Format} is not multiplied with 8-bit activations", nameof(weight));
        Shape.RequireLength(y.Length, (long)x.RowCount * weight.Rows, nameof(y));
        return x.Columns == weight.Columns && x.BlockLength == kernel.ActivationLength
            ? kernel
            : throw new ArgumentException(
                $"{weight.Format} needs {weight.Columns} activations in blocks of {kernel.ActivationLength}, " +
                $"got {x.Columns} in blocks of {x.BlockLength}",
                nameof(x));
    }

    private readonly ref struct ReferenceWork(
        QuantKernel kernel, WeightMatrix weight, RoundedActivations x, Span<float> y) : IParallelWork
    {
        private readonly QuantKernel _kernel = kernel;
        private readonly WeightMatrix _weight = weight;
        private readonly RoundedActivations _x = x;
        private readonly Span<float> _y = y;

        public void Execute(int index, Scratch scratch)
        {
            int end = Math.Min(_weight.Rows, (index + 1) * RowBlock);
            for (int row = index * RowBlock; row < end; row++)
            {
                for (int token = 0; token < _x.RowCount; token++)
                {
                    _y[(token * _weight.Rows) + row] = _kernel.DotReference(_weight.Row(row), _x.Row(token));
                }
            }
        }
    }
}
