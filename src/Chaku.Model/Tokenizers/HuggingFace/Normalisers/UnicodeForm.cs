namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>One of Unicode's four normalisation forms.</summary>
[Flags]
internal enum UnicodeForm
{
    /// <summary>NFD: everything is taken apart.</summary>
    Decomposed = 0,

    /// <summary>NFC: and put together again.</summary>
    Composed = 1,

    /// <summary>NFKD: compatibility characters are taken apart as well.</summary>
    CompatibilityDecomposed = 2,

    /// <summary>NFKC.</summary>
    CompatibilityComposed = Composed | CompatibilityDecomposed,
}
