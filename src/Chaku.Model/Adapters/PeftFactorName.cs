namespace Chaku.Model.Adapters;

/// <summary>Which of a changed module's tensors one is.</summary>
internal enum PeftFactorKind
{
    /// <summary>A [r, in].</summary>
    A,

    /// <summary>B [out, r].</summary>
    B,

    /// <summary>DoRA's magnitudes [out].</summary>
    Magnitude,
}

/// <summary>What the name of a tensor in an adapter's file says.</summary>
/// <param name="Module">The changed module's Hugging Face name.</param>
/// <param name="Kind">Which of its tensors.</param>
internal readonly record struct PeftFactorName(string Module, PeftFactorKind Kind)
{
    private const string Prefix = "base_model.model.";
    private const string PartA = ".lora_A";
    private const string PartB = ".lora_B";
    private const string PartMagnitude = ".lora_magnitude_vector";
    private const string Suffix = ".weight";

    // PEFT writes magnitudes without the last part, though its module has it.
    private static readonly (PeftFactorKind Kind, string Part, string Suffix)[] Kinds =
    [
        (PeftFactorKind.A, PartA, Suffix),
        (PeftFactorKind.B, PartB, Suffix),
        (PeftFactorKind.Magnitude, PartMagnitude, ""),
    ];

    // What other tensors are, by a part of their names.
    private static readonly (string Part, string Meaning)[] Others =
    [
        (".lora_embedding_", "a factor of a token embedding"),
        (PartMagnitude, "a magnitude of DoRA under an unknown name"),
        (PartA, "a factor's bias"),
        (PartB, "a factor's bias"),
        (".bias", "a trained bias"),
        (Suffix, "a module's own weights"),
    ];

    /// <summary>The name in the file, as PEFT writes it.</summary>
    public override string ToString()
    {
        PeftFactorKind own = Kind;
        (_, string part, string suffix) = Kinds.Single(entry => entry.Kind == own);
        return Prefix + Module + part + suffix;
    }

    /// <summary>
    /// Reads a name. Before the last part there may be one more, which is the adapter's own name: PEFT wrote it once.
    /// </summary>
    /// <returns>Null where the tensor is no factor of a linear layer.</returns>
    public static PeftFactorName? Parse(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        bool hasSuffix = name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > Prefix.Length + Suffix.Length;
        string module = name[Prefix.Length..(hasSuffix ? ^Suffix.Length : ^0)];
        return WithoutPart(module, hasSuffix)
            ?? WithoutPart(module[..Math.Max(module.LastIndexOf('.'), 0)], hasSuffix);
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

    private static PeftFactorName? WithoutPart(string module, bool hasSuffix)
    {
        foreach ((PeftFactorKind kind, string part, string suffix) in Kinds)
        {
            if (module.Length > part.Length && module.EndsWith(part, StringComparison.Ordinal)
                && (hasSuffix || suffix.Length == 0))
            {
                return new PeftFactorName(module[..^part.Length], kind);
            }
        }

        return null;
    }
}
