namespace Chaku.Kernels.Ops;

/// <summary>
/// Bytes for numbers from −1 or 0 to 1 whose steps are small near 0: dynamic tree quantisation. Numbers come in blocks
/// of <see cref="BlockLength"/>, each divided by the largest magnitude in it.
/// </summary>
/// <remarks>
/// The decade 10^(i − 6), for i from 0 to 6, has 2^i codes (and as many negative ones; without a sign, twice as many):
/// the middles of equal parts of [0.1, 1] times the decade. 0 and 1 are codes too, which makes 256. A number takes the
/// nearest code, of two equally near ones the lower. Source: arXiv:2110.02861, section 1.3 and appendix F.
/// </remarks>
internal sealed class DynamicCodes
{
    /// <summary>Numbers that share a scale.</summary>
    public const int BlockLength = 256;

    /// <summary>From −1 to 1.</summary>
    public static readonly DynamicCodes Signed = new(isSigned: true);

    /// <summary>From 0 to 1; a number above 0 never gets the code of 0.</summary>
    public static readonly DynamicCodes Unsigned = new(isSigned: false);

    private const int CodeCount = 256;
    private const int DecadeCount = 7;

    private readonly float[] _values;
    private readonly float[] _borders;
    private readonly bool _isSigned;

    private DynamicCodes(bool isSigned)
    {
        _isSigned = isSigned;
        List<double> values = [0, 1];
        double decade = 1e-6;
        for (int i = 0; i < DecadeCount; i++, decade *= 10)
        {
            int count = isSigned ? 1 << i : 2 << i;
            for (int part = 0; part < count; part++)
            {
                double value = decade * (0.1 + (0.9 * (part + 0.5) / count));
                values.Add(value);
                if (isSigned)
                {
                    values.Add(-value);
                }
            }
        }

        values.Sort();
        _values = [.. values.Select(value => (float)value)];
        _borders = [.. Enumerable.Range(0, CodeCount - 1).Select(i => (float)((values[i] + values[i + 1]) / 2))];
    }

    /// <summary>The numbers that codes stand for, ascending.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>Blocks of a row of numbers; the last may be shorter.</summary>
    public static int BlockCount(int length) => (length + BlockLength - 1) / BlockLength;

    /// <summary>Codes for one block.</summary>
    /// <param name="values">At most <see cref="BlockLength"/> finite numbers.</param>
    /// <param name="codes">As many.</param>
    /// <returns>The block's scale: its largest magnitude.</returns>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public float Encode(ReadOnlySpan<float> values, Span<byte> codes)
    {
        Shape.RequireLength(codes.Length, values.Length, nameof(codes));
        float largest = 0;
        foreach (float value in values)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        for (int i = 0; i < values.Length; i++)
        {
            int code = largest == 0 ? CodeOf(0) : CodeOf(values[i] / largest);
            bool isLost = !_isSigned && code == 0 && values[i] > 0;
            codes[i] = (byte)(isLost ? 1 : code);
        }

        return largest;
    }

    /// <summary>One block's numbers.</summary>
    /// <param name="codes">Codes.</param>
    /// <param name="scale">The block's scale.</param>
    /// <param name="values">As many numbers, overwritten.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public void Decode(ReadOnlySpan<byte> codes, float scale, Span<float> values)
    {
        Shape.RequireLength(codes.Length, values.Length, nameof(codes));
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = scale * _values[codes[i]];
        }
    }

    // The number of borders below the value, found by halving.
    private int CodeOf(float value)
    {
        int code = 0;
        for (int half = CodeCount / 2; half > 0; half /= 2)
        {
            if (_borders[code + half - 1] < value)
            {
                code += half;
            }
        }

        return code;
    }
}
