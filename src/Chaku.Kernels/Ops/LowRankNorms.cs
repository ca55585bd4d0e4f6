using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Ops;

/// <summary>‖scale · B · A‖² of each row, in float64: how much a low-rank change is.</summary>
/// <remarks>
/// Row n of B · A has the square bᵀ · (A · Aᵀ) · b with b the row of B, so that the product is not formed; all rows
/// together are tr((Bᵀ · B)(A · Aᵀ)). Where the rank is too large for that to be less work, rows are formed one by one.
/// What is left of a sum when its terms cancel is rounding, and taken for 0.
/// </remarks>
internal static class LowRankNorms
{
    // Beyond it A · Aᵀ takes more memory than it saves work.
    private const int MostGramRank = 1024;

    // Of the magnitude of the terms: some thousand roundings of float64.
    private const double Rounding = 1e-12;

    private const int Width = 4;

    /// <summary>squares = ‖scale · B · A‖² of each row.</summary>
    /// <param name="a">A [r, K].</param>
    /// <param name="transposedB">Bᵀ [r, N].</param>
    /// <param name="rank">r.</param>
    /// <param name="scale">What B · A is multiplied with.</param>
    /// <param name="squares">[N], overwritten.</param>
    /// <param name="cancellation">Looked at between rows.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void Squares(
        ReadOnlySpan<float> a,
        ReadOnlySpan<float> transposedB,
        int rank,
        double scale,
        Span<double> squares,
        CancellationToken cancellation = default)
    {
        int columns = a.Length / rank;
        Shape.RequireLength(a.Length, (long)rank * columns, nameof(a));
        Shape.RequireLength(transposedB.Length, (long)rank * squares.Length, nameof(transposedB));
        double[] inner = Widened(a);
        double[] lengths = Lengths(inner, rank, columns);
        bool usesGram = rank <= Math.Min(columns, MostGramRank);
        double[] matrix = usesGram ? Gram(inner, rank, columns, cancellation) : inner;
        double[] b = new double[rank];
        double[] product = new double[usesGram ? rank : columns];
        for (int row = 0; row < squares.Length; row++)
        {
            cancellation.ThrowIfCancellationRequested();
            double magnitude = 0;
            for (int i = 0; i < rank; i++)
            {
                b[i] = transposedB[(i * squares.Length) + row];
                magnitude += Math.Abs(b[i]) * lengths[i];
            }

            double square = usesGram ? OfGram(matrix, b, product) : OfRow(matrix, b, product);
            squares[row] = square <= Rounding * magnitude * magnitude ? 0 : scale * scale * square;
        }
    }

    // Σ x · y, in a fixed order.
    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        Vector256<double> lanes = Vector256<double>.Zero;
        int place = 0;
        for (; place <= x.Length - Width; place += Width)
        {
            lanes += Load(x, place) * Load(y, place);
        }

        double sum = Vector256.Sum(lanes);
        for (; place < x.Length; place++)
        {
            sum += x[place] * y[place];
        }

        return sum;
    }

    private static Vector256<double> Load(ReadOnlySpan<double> source, int place) =>
        Vector256.Create(source.Slice(place, Width));

    private static double[] Widened(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = values[i];
        }

        return wide;
    }

    private static double[] Lengths(double[] a, int rank, int columns)
    {
        double[] lengths = new double[rank];
        for (int i = 0; i < rank; i++)
        {
            ReadOnlySpan<double> row = a.AsSpan(i * columns, columns);
            lengths[i] = Math.Sqrt(Dot(row, row));
        }

        return lengths;
    }

    // A · Aᵀ [r, r].
    private static double[] Gram(double[] a, int rank, int columns, CancellationToken cancellation)
    {
        double[] gram = new double[rank * rank];
        for (int i = 0; i < rank; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<double> row = a.AsSpan(i * columns, columns);
            for (int j = 0; j <= i; j++)
            {
                gram[(i * rank) + j] = gram[(j * rank) + i] = Dot(row, a.AsSpan(j * columns, columns));
            }
        }

        return gram;
    }

    // bᵀ · G · b.
    private static double OfGram(double[] gram, double[] b, double[] product)
    {
        for (int i = 0; i < b.Length; i++)
        {
            product[i] = Dot(gram.AsSpan(i * b.Length, b.Length), b);
        }

        return Dot(product, b);
    }

    // ‖Σ b · A‖², a row of the product.
    private static double OfRow(double[] a, double[] b, double[] product)
    {
        Array.Clear(product);
        for (int i = 0; i < b.Length; i++)
        {
            ReadOnlySpan<double> row = a.AsSpan(i * product.Length, product.Length);
            for (int column = 0; column < row.Length; column++)
            {
                product[column] += b[i] * row[column];
            }
        }

        return Dot(product, product);
    }
}
