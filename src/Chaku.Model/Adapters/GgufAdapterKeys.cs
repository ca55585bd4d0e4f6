using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>The words of a GGUF file with an adapter.</summary>
/// <remarks>Source: llama.cpp, <c>src/llama-adapter.cpp</c> and <c>convert_lora_to_gguf.py</c>.</remarks>
internal static class GgufAdapterKeys
{
    /// <summary>What kind of file it is.</summary>
    public const string Type = "general.type";

    /// <summary>The value of <see cref="Type"/>.</summary>
    public const string Adapter = "adapter";

    /// <summary>What the adapter is called.</summary>
    public const string Name = "general.name";

    /// <summary>How many bases are named.</summary>
    public const string BaseCount = GgufKeys.BaseModelCount;

    /// <summary>What the base is called.</summary>
    public const string BaseName = GgufKeys.BaseModel + "name";

    /// <summary>What all keys begin with that say what the adapter computes.</summary>
    public const string AdapterPrefix = "adapter.";

    /// <summary>What kind of adapter it is.</summary>
    public const string AdapterType = "adapter.type";

    /// <summary>The value of <see cref="AdapterType"/>.</summary>
    public const string Lora = "lora";

    /// <summary>α of all factors; the scale is α / r.</summary>
    public const string Alpha = "adapter.lora.alpha";

    /// <summary>What A's name ends with, behind that of the matrix.</summary>
    public const string PartA = ".lora_a";

    /// <summary>What B's name ends with, behind that of the matrix.</summary>
    public const string PartB = ".lora_b";

    /// <summary>What keys of this software begin with.</summary>
    public const string OwnPrefix = "chaku.";
}
