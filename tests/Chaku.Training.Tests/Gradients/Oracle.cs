using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Families;
using Chaku.Model.Files;

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

    private readonly Dictionary<string, string> _goldenNames = [];

    /// <param name="model">The model's path.</param>
    /// <param name="golden">The golden's path.</param>
    /// <param name="scale">What B · A · x is multiplied with.</param>
    /// <param name="gelu">The variant that the golden was made with; null for the model's own.</param>
    public Oracle(string model, string golden, float scale, string? gelu = null)
    {
        _golden = TensorFile.Open(golden);
        Model = LanguageModel.Load(model, new ModelOptions { ThreadCount = 2, Gelu = gelu });
        foreach (AdaptableLinear linear in AdaptableLinears.Of(Model).All)
        {
            _goldenNames[linear.Linear.Name] = _golden.Find(linear.Linear.Name + ".lora_a") is null
                ? linear.Module + ".weight"
                : linear.Linear.Name;
        }

        Dictionary<string, LoraFactors> factors = [];
        foreach (Linear linear in Model.Decoder.Linears)
        {
            if (_goldenNames.TryGetValue(linear.Name, out string? name) && _golden.Find(name + ".lora_a") is { } a)
            {
                LoraFactors pair = new(Rank, linear.InputSize, linear.OutputSize, scale);
                _golden.Singles(a).CopyTo(pair.AValues);
                TransposedB(linear, ".lora_b").CopyTo(pair.TransposedBValues);
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

    /// <summary>A tensor of the golden that belongs to a linear layer's A.</summary>
    public float[] OfA(Linear linear, string suffix) => Values(_goldenNames[linear.Name] + suffix);

    /// <summary>One that belongs to its B, transposed; a GGUF name has its rows in a GGUF file's order.</summary>
    public float[] TransposedB(Linear linear, string suffix)
    {
        string name = _goldenNames[linear.Name];
        float[] values = Values(name + suffix);
        bool isGgufOrder = name == linear.Name;
        float[] transposed = new float[values.Length];
        for (int row = 0; row < linear.OutputSize; row++)
        {
            int source = isGgufOrder ? GoldenRow(linear, row) : row;
            for (int column = 0; column < Rank; column++)
            {
                transposed[(column * linear.OutputSize) + row] = values[(source * Rank) + column];
            }
        }

        return transposed;
    }

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

    // A model from a Hugging Face folder has its own order of rows.
    private int GoldenRow(Linear linear, int row) => Model.Source is HuggingFaceSource
        ? Model.Source.Family.GgufRow(Model.Decoder.Config, linear.Name, row)
        : row;
}
