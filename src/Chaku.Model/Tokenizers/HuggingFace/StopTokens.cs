using System.Text.Json;
using Chaku.Model.Families;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>
/// Which tokens end an answer: <c>generation_config.json</c>. How tokens are picked is left to who asks.
/// </summary>
internal static class StopTokens
{
    private const string FileName = "generation_config.json";

    /// <summary>Reads the folder's file; where there is none, the model's own end of sequence.</summary>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static IReadOnlyList<int> Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        path = File.Exists(path) ? path : Path.Combine(folder, HuggingFaceConfig.FileName);
        if (!File.Exists(path))
        {
            return [];
        }

        using JsonFile file = JsonFile.Open(path);
        return ReadStops(file.Root.Find("eos_token_id"));
    }

    private static int[] ReadStops(JsonField? field) => field switch
    {
        null => [],
        { Kind: JsonValueKind.Array } list => [.. list.Items().Select(static id => id.AsInteger())],
        { Kind: JsonValueKind.Number } id when id.Value.TryGetInt32(out int number) && number < 0 => [],
        { } id => [id.AsInteger()],
    };
}
