using System.Globalization;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;

namespace Chaku.Model.Conversion;

/// <summary>
/// How much an error at each column of each matrix counts: the mean square of what the model multiplies it with while
/// it reads a text.
/// </summary>
/// <remarks>The measure is that of llama.cpp's importance matrix.</remarks>
internal sealed class ColumnImportance
{
    // A column that the text never used still counts a little: its weights are not to be lost altogether.
    private const float LeastShare = 1e-4f;

    private readonly Dictionary<string, ColumnSums> _sums = new(StringComparer.Ordinal);

    /// <summary>Reads a text in windows of the whole context.</summary>
    /// <param name="model">The model; what it multiplies with is noted while this runs.</param>
    /// <param name="windows">Tokens.</param>
    /// <param name="progress">Told the tokens done and the tokens in all; may be null.</param>
    /// <param name="cancellation">Looked at after each chunk.</param>
    public static ColumnImportance Measure(
        LanguageModel model,
        IReadOnlyList<int[]> windows,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        ColumnImportance importance = new();
        long done = 0;
        long all = windows.Sum(window => (long)window.Length);
        Batch batch = new();
        using KvCache cache = model.CreateCache();
        model.Decoder.Workspace.InputObserver = importance.Add;
        try
        {
            foreach (int[] window in windows)
            {
                using KvSequence sequence = cache.Open();
                model.Prefill(batch, sequence, window, OutputRows.All, OnChunk, cancellation);
                done += window.Length;
            }

            // No logits are computed, so that nothing else tells what the output head would multiply.
            void OnChunk(int start, int length)
            {
                importance.Add(model.Decoder.Head, model.Decoder.OutputInput(batch));
                progress?.Invoke(done + start + length, all);
            }
        }
        finally
        {
            model.Decoder.Workspace.InputObserver = null;
        }

        return importance;
    }

    /// <summary>How much each column counts.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="matrix">Which of its matrices, where experts are stacked in it.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <returns>[columns], above zero; empty where nothing was multiplied with it.</returns>
    public ReadOnlySpan<float> Of(string tensor, int matrix, int columns)
    {
        string expert = string.Create(CultureInfo.InvariantCulture, $"{tensor[..tensor.LastIndexOf('.')]}.{matrix}");
        ColumnSums? sums = _sums.GetValueOrDefault(tensor) ?? _sums.GetValueOrDefault(expert);
        return sums is not null && sums.Length == columns ? sums.Means(LeastShare) : [];
    }

    private void Add(Linear linear, ReadOnlySpan<float> x)
    {
        if (!_sums.TryGetValue(linear.Name, out ColumnSums? sums))
        {
            _sums.Add(linear.Name, sums = new ColumnSums(linear.InputSize));
        }

        sums.Add(x);
    }

    private sealed class ColumnSums(int length)
    {
        private readonly double[] _squares = new double[length];
        private long _rows;
        private float[]? _means;

        public int Length => length;

        public void Add(ReadOnlySpan<float> x)
        {
            for (int start = 0; start < x.Length; start += length)
            {
                _rows++;
                for (int column = 0; column < length; column++)
                {
                    _squares[column] += (double)x[start + column] * x[start + column];
                }
            }
        }

        public float[] Means(float leastShare)
        {
            if (_means is null)
            {
                double least = leastShare * _squares.Sum() / length;
                _means = [.. _squares.Select(square => (float)((square + least) / _rows))];
                _means = _means.All(mean => mean > 0 && float.IsFinite(mean)) ? _means : [];
            }

            return _means;
        }
    }
}
