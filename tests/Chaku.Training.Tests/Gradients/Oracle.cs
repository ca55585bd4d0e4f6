using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Training.Tests.Gradients;

/// <summary>A golden training run of PyTorch in float64: its recipe is in testdata/PROVENANCE.md.</summary>
internal sealed class Oracle : IDisposable
{
    public const float Alpha = 8;
    public const int Rank = 4;
    public const int FirstTarget = 8;

    public static readonly int[] Tokens =
        [1, 300, 17, 259, 301, 33, 72, 105, 260, 261, 262, 90, 44, 310, 7, 8, 9, 300, 300, 17, 299, 263];

    private readonly TensorFile _golden;

    public Oracle(string model, string golden, float scale, int threadCount = 2)
    {
        _golden = TensorFile.Open(Fixtures.TestData("oracle", golden + ".safetensors"));
        Model = LanguageModel.Load(
            Fixtures.TestData("models", "tiny", model + ".gguf"), new ModelOptions { ThreadCount = threadCount });
        Dictionary<string, LoraFactors> factors = [];
        foreach (Linear linear in Model.Decoder.Linears)
        {
            if (_golden.Find(linear.Name + ".lora_a") is { } a)
            {
                LoraFactors pair = new(Rank, linear.InputSize, linear.OutputSize, scale);
                _golden.Singles(a).CopyTo(pair.AValues);
                Transpose(Values(linear.Name + ".lora_b"), linear.OutputSize, Rank).CopyTo(pair.TransposedBValues);
                factors.Add(linear.Name, pair);
            }
        }

        Adapter = Model.Bind(new LoraAdapter(factors, new LoraSettings(Rank, Alpha, scale != Alpha / Rank)));
        MatrixCount = factors.Count;
    }

    public LanguageModel Model { get; }

    public BoundAdapter Adapter { get; }

    public int MatrixCount { get; }

    public float[] Values(string name) => _golden.Singles(_golden[name]);

    public float[] TransposedB(string name, Linear linear) => Transpose(Values(name), linear.OutputSize, Rank);

    /// <summary>
    /// A batch of fresh sequences, each with the given tokens; rows from <paramref name="firstOutput"/> on.
    /// </summary>
    public Batch Batch(KvCache cache, int[][] sequences, int firstOutput)
    {
        Batch batch = new();
        foreach (int[] tokens in sequences)
        {
            int[] rows = [.. Enumerable.Range(firstOutput, tokens.Length - 1 - firstOutput)];
            batch.Add(cache.Open(Adapter), tokens, rows);
        }

        return batch;
    }

    public void Dispose()
    {
        Model.Dispose();
        _golden.Dispose();
    }

    private static float[] Transpose(float[] values, int rows, int columns)
    {
        float[] transposed = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                transposed[(column * rows) + row] = values[(row * columns) + column];
            }
        }

        return transposed;
    }
}
