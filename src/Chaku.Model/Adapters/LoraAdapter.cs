namespace Chaku.Model.Adapters;

/// <summary>A LoRA adapter: factors by the name of the matrix that they change.</summary>
/// <param name="factors">By GGUF tensor name, with the rows of B in the GGUF file's order.</param>
internal sealed class LoraAdapter(IReadOnlyDictionary<string, LoraFactors> factors)
{
    /// <summary>Factors by GGUF tensor name.</summary>
    public IReadOnlyDictionary<string, LoraFactors> Factors => factors;
}
