namespace Chaku.Model.Adapters;

/// <summary>What the name of a tensor in an adapter's file says.</summary>
/// <param name="Module">The changed module's Hugging Face name.</param>
/// <param name="IsA">Whether it is A; else it is B.</param>
internal readonly record struct PeftFactorName(string Module, bool IsA)
{
    private const string Prefix = "base_model.model.";
    private const string PartA = ".lora_A";
    private const string PartB = ".lora_B";
    private const string Suffix = ".weight";

    // What other tensors are, by a part of their names.
    private static readonly (string Part, string Meaning)[] Others =
    [
        (".lora_embedding_", "a factor of a token embedding"),
        (".lora_magnitude_vector", "a magnitude of DoRA"),
        (PartA, "a factor's bias"),
        (PartB, "a factor's bias"),
        (".bias", "a trained bias"),
        (Suffix, "a module's own weights"),
    ];

    /// <summary>The name in the file, as PEFT writes it.</summary>
    public override string ToString() => Prefix + Module + (IsA ? PartA : PartB) + Suffix;

    /// <summary>
    /// Reads a name. Before the last part there may be one more, which is the adapter's own name: PEFT wrote it once.
    /// </summary>
    /// <returns>Null where the tensor is no factor of a linear layer.</returns>
    public static PeftFactorName? Parse(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(Suffix, StringComparison.Ordinal)
            || name.Length <= Prefix.Length + Suffix.Length)
        {
            return null;
        }

        string module = name[Prefix.Length..^Suffix.Length];
        return WithoutPart(module) ?? WithoutPart(module[..Math.Max(module.LastIndexOf('.'), 0)]);
    }

    /// <summary>What a tensor is that is no factor of a linear layer.</summary>
    public static string Describe(string name)
    {
        foreach ((string part, string meaning) in Others)
        {
            if (name.Contains(part, StringComparison.Ordinal))
            {
                return meaning;
            }
        }

        return "something unknown";
    }

    private static PeftFactorName? WithoutPart(string module)
    {
        bool isA = module.EndsWith(PartA, StringComparison.Ordinal);
        return module.Length > PartA.Length && (isA || module.EndsWith(PartB, StringComparison.Ordinal))
            ? new PeftFactorName(module[..^PartA.Length], isA)
            : null;
    }
}
