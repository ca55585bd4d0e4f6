using System.Globalization;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>
/// Writes a model's settings under the names that GGUF gives them, spelled as the file that is made spells them: the
/// counterpart of <see cref="ModelSettings"/>.
/// </summary>
/// <param name="metadata">Gets the values.</param>
/// <param name="family">Knows how its own files spell a setting.</param>
/// <param name="isHuggingFace">Whether <c>config.json</c> is made, not a GGUF file's metadata.</param>
/// <param name="source">What the source says, for what changes no computation.</param>
internal sealed class SettingsWriter(
    Metadata metadata, ModelFamily family, bool isHuggingFace, ModelSettings source)
{
    private static readonly HuggingFaceDialect HuggingFace = new();

    /// <summary>Whether <c>config.json</c> is made.</summary>
    public bool IsHuggingFace => isHuggingFace;

    /// <summary>What the source says.</summary>
    public ModelSettings Source => source;

    /// <summary>A whole number, at least 0.</summary>
    public void Count(string key, int value) => Put(key, isHuggingFace ? (object)(long)value : (uint)value);

    /// <summary>A number.</summary>
    public void Number(string key, float value) => Put(key, isHuggingFace ? (object)Shortest(value) : value);

    /// <summary>Yes or no.</summary>
    public void Flag(string key, bool value) => Put(key, value);

    /// <summary>A string.</summary>
    public void Text(string key, string value) => Put(key, value);

    /// <summary>Numbers.</summary>
    public void Numbers(string key, IReadOnlyList<float> values) =>
        Put(key, isHuggingFace ? (object)values.Select(Shortest).ToArray() : values.ToArray());

    /// <summary>Whether the family spells the setting in a way of its own.</summary>
    public bool IsNamed(string key) => family.HuggingFaceKeys.GetValueOrDefault(key) is { Length: > 0 };

    /// <summary>The float64 with the shortest decimals of the float32: 1e-05, not 9.999999747e-06.</summary>
    private static double Shortest(float value) =>
        double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private void Put(string key, object value)
    {
        if (!isHuggingFace)
        {
            metadata.Add($"{family.Architectures[0]}.{key}", value);
        }
        else if (family.HuggingFaceKeys.GetValueOrDefault(key) is not "")
        {
            metadata.Add(family.HuggingFaceKeys.GetValueOrDefault(key) ?? HuggingFace.Spellings(key)[0], value);
        }
    }
}
