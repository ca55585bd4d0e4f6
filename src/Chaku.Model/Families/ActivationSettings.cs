using Chaku.Kernels.Ops;

namespace Chaku.Model.Families;

/// <summary>Which activation function the settings name.</summary>
internal static class ActivationSettings
{
    // Source: the ACT2FN table of the transformers library.
    private static readonly Dictionary<string, ActivationFunction> HuggingFace = new(StringComparer.Ordinal)
    {
        ["silu"] = ActivationFunctions.Silu,
        ["swish"] = ActivationFunctions.Silu,
        ["gelu"] = ActivationFunctions.Gelu,
        ["gelu_python"] = ActivationFunctions.Gelu,
        ["gelu_new"] = ActivationFunctions.GeluTanh,
        ["gelu_fast"] = ActivationFunctions.GeluTanh,
        ["gelu_pytorch_tanh"] = ActivationFunctions.GeluTanh,
        ["gelu_accurate"] = ActivationFunctions.GeluTanh,
        ["relu"] = ActivationFunctions.Relu,
    };

    /// <summary>The function that <c>config.json</c> names, or the family's own: a GGUF file names none.</summary>
    /// <exception cref="ModelFormatException">It names one that there is not.</exception>
    public static ActivationFunction Read(ModelSettings settings, ActivationFunction otherwise) =>
        settings.IsHuggingFace && settings.Find("activation") is { } value
            ? HuggingFace.GetValueOrDefault(value.AsString())
                ?? throw value.Wrong($"one of {string.Join(", ", HuggingFace.Keys)}")
            : otherwise;

    /// <summary>The name of a function in <c>config.json</c>: the first that stands for it.</summary>
    public static string NameOf(ActivationFunction function) =>
        HuggingFace.First(entry => ReferenceEquals(entry.Value, function)).Key;
}
