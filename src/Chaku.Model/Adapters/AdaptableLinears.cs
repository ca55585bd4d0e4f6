using System.Globalization;
using Chaku.Model.Decoding;
using Chaku.Model.Families;

namespace Chaku.Model.Adapters;

/// <summary>A linear layer under both names that adapters know it by.</summary>
/// <param name="Linear">The layer, with its GGUF name.</param>
/// <param name="Module">Its Hugging Face name: model.layers.0.self_attn.q_proj and the like.</param>
internal sealed record AdaptableLinear(Linear Linear, string Module)
{
    private const string Suffix = ".weight";

    /// <summary>The last part of the Hugging Face name: q_proj.</summary>
    public string ModuleKind => Module[(Module.LastIndexOf('.') + 1)..];

    /// <summary>The last part of the GGUF name: attn_q.</summary>
    public string GgufKind => GgufName[(GgufName.LastIndexOf('.') + 1)..];

    private string GgufName => WithoutSuffix(Linear.Name);

    /// <summary>
    /// Whether a name in PEFT's <c>target_modules</c> means this layer: its module's name, or the end of it.
    /// </summary>
    public bool IsModule(string target) => EndsWithParts(Module, target);

    /// <summary>Whether a name means this layer in either spelling.</summary>
    public bool IsCalled(string target) => IsModule(target) || EndsWithParts(GgufName, WithoutSuffix(target));

    private static string WithoutSuffix(string name) =>
        name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;

    private static bool EndsWithParts(string name, string end) =>
        name == end || (end.Length > 0 && name.EndsWith("." + end, StringComparison.Ordinal));
}

/// <summary>The linear layers of a model that an adapter can change.</summary>
internal sealed class AdaptableLinears
{
    /// <summary>The target that means every linear layer but the output head.</summary>
    public const string AllLinear = "all-linear";

    private const string Suffix = ".weight";

    private readonly Decoder _decoder;

    private AdaptableLinears(LanguageModel model)
    {
        Source = model.Source;
        _decoder = model.Decoder;
        Dictionary<string, string> modules = Modules();

        // An output head that is the token embedding has no name of its own, and is left alone.
        All =
        [
            .. _decoder.Layers
                .SelectMany(layer => layer.Attention.Linears.Concat(layer.FeedForward.Linears))
                .Append(_decoder.Head)
                .Where(linear => modules.ContainsKey(linear.Name) && linear.Name != DecoderWeightsReader.TokenEmbedding)
                .Select(linear => new AdaptableLinear(linear, modules[linear.Name])),
        ];
    }

    /// <summary>The layers, in the decoder's order.</summary>
    public IReadOnlyList<AdaptableLinear> All { get; }

    /// <summary>Where the model comes from.</summary>
    public ModelSource Source { get; }

    /// <summary>The layers of a model.</summary>
    public static AdaptableLinears Of(LanguageModel model) => new(model);

    /// <summary>The layer of this Hugging Face name; null where there is none.</summary>
    public AdaptableLinear? FindModule(string module) => All.FirstOrDefault(linear => linear.Module == module);

    /// <summary>The layer whose weights have this GGUF name; null where there is none.</summary>
    public AdaptableLinear? FindTensor(string tensor) => All.FirstOrDefault(linear => linear.Linear.Name == tensor);

    /// <summary>The layers that targets name, in the decoder's order.</summary>
    /// <param name="targets">
    /// <see cref="AllLinear"/>, or names of either world, whole or their last parts: q_proj, attn_q,
    /// model.layers.0.mlp.up_proj, blk.0.ffn_up.
    /// </param>
    /// <exception cref="AdapterException">
    /// No target is named, or one that names no layer; the message has those that do.
    /// </exception>
    public IReadOnlyList<AdaptableLinear> Select(IReadOnlyList<string> targets)
    {
        foreach (string target in targets)
        {
            if (!All.Any(linear => IsTargeted(linear, target)))
            {
                throw new AdapterException(
                    $"no linear layer is called {ModelFormatException.Quote(target)}: the targets are {Kinds()}");
            }
        }

        return targets.Count > 0
            ? [.. All.Where(linear => targets.Any(target => IsTargeted(linear, target)))]
            : throw new AdapterException($"an adapter needs at least one target of {Kinds()}");
    }

    /// <summary>
    /// The names by which PEFT finds these layers: a kind where it is adapted in every layer, else whole names.
    /// </summary>
    public IReadOnlyList<string> TargetModules(IReadOnlySet<AdaptableLinear> adapted) =>
    [
        .. All.Where(adapted.Contains)
            .Select(linear => All.All(other => other.ModuleKind != linear.ModuleKind || adapted.Contains(other))
                ? linear.ModuleKind
                : linear.Module)
            .Distinct(),
    ];

    /// <summary>For each row of a Hugging Face matrix, the row of the model's matrix that it is.</summary>
    public int[] StoredRows(AdaptableLinear linear)
    {
        int[] rows = new int[linear.Linear.OutputSize];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = Source.StoredRow(_decoder.Config, linear.Linear.Name, row);
        }

        return rows;
    }

    /// <summary>For each row of a GGUF file's matrix, the row of the model's matrix that it is.</summary>
    public int[] StoredRowsOfGguf(AdaptableLinear linear)
    {
        int[] stored = StoredRows(linear);
        int[] rows = new int[stored.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[Source.Family.GgufRow(_decoder.Config, linear.Linear.Name, row)] = stored[row];
        }

        return rows;
    }

    /// <summary>‖W‖ of each row of a layer's own weights, in the model's order.</summary>
    public float[] RowNorms(AdaptableLinear linear)
    {
        float[] norms = new float[linear.Linear.OutputSize];
        Kernels.Ops.RowNorms.Forward(_decoder.Workspace.Pool, linear.Linear.Weight, norms);
        return norms;
    }

    /// <summary>What DoRA multiplies a layer's outputs with, at the strength of training.</summary>
    public DoraScale DoraScale(AdaptableLinear linear, LoraFactors factors) =>
        Decoding.DoraScale.Of(_decoder.Workspace.Pool, linear.Linear.Weight, factors, strength: 1);

    private bool IsTargeted(AdaptableLinear linear, string target) =>
        target == AllLinear ? linear.Linear != _decoder.Head : linear.IsCalled(target);

    private string Kinds() => string.Join(
        ", ", All.Select(linear => $"{linear.ModuleKind} ({linear.GgufKind})").Distinct().Prepend(AllLinear));

    private Dictionary<string, string> Modules()
    {
        Dictionary<string, string> modules = new(StringComparer.Ordinal);
        foreach (ModuleNames names in Source.Family.Modules)
        {
            for (int layer = 0; layer < _decoder.Config.LayerCount; layer++)
            {
                modules[Numbered(names.Gguf, layer) + Suffix] = Numbered(names.HuggingFace, layer);
            }
        }

        return modules;
    }

    private static string Numbered(string pattern, int layer) =>
        pattern.Replace("{0}", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
