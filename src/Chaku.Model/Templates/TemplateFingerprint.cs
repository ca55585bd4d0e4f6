using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Templates;

/// <summary>
/// What a chat template is on a model, in 64 hexadecimal digits: its own texts, and the tokens that its marks are.
/// </summary>
/// <remarks>The bytes that are hashed are defined in docs/formats/adapter.md.</remarks>
internal static class TemplateFingerprint
{
    private const string None = "";

    /// <summary>The fingerprint.</summary>
    /// <param name="template">The template.</param>
    /// <param name="vocabulary">The model's.</param>
    public static string Of(ChatTemplate template, Vocabulary vocabulary)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, [.. template.Definition]);
        Append(
            hash,
            [
                vocabulary.Spell(vocabulary.BosId) ?? None, Number(vocabulary.BosId),
                vocabulary.Spell(vocabulary.EosId) ?? None, Number(vocabulary.EosId),
                vocabulary.AddBos ? "bos first" : None,
            ]);
        Append(
            hash,
            [
                .. Controls(template, vocabulary).Order()
                    .SelectMany(id => (string[])[vocabulary.Spell(id)!, Number(id)]),
            ]);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // The control tokens that are spelled somewhere in the template.
    private static HashSet<int> Controls(ChatTemplate template, Vocabulary vocabulary)
    {
        SpecialTokenTrie trie = new(
            vocabulary,
            Enumerable.Range(0, vocabulary.Count)
                .Where(id => vocabulary.TypeOf(id) == TokenType.Control)
                .Select(id => (vocabulary.SpellingOf(id).ToArray(), id)));
        HashSet<int> found = [];
        foreach (string text in template.Definition)
        {
            ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
            for (int start; (start = trie.Find(rest, out int id, out int length)) >= 0; rest = rest[(start + length)..])
            {
                found.Add(id);
            }
        }

        return found;
    }

    private static string Number(int? id) => id?.ToString(CultureInfo.InvariantCulture) ?? None;

    // A list stands behind its count, a text behind its length.
    private static void Append(IncrementalHash hash, string[] texts)
    {
        AppendNumber(hash, texts.Length);
        foreach (byte[] text in texts.Select(Encoding.UTF8.GetBytes))
        {
            AppendNumber(hash, text.Length);
            hash.AppendData(text);
        }
    }

    private static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
