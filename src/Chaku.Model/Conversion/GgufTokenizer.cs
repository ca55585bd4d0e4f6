using Chaku.Model.Files;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;

namespace Chaku.Model.Conversion;

/// <summary>
/// Writes a folder's tokenizer and chat template as keys of a GGUF file. What the keys say is tried on text first:
/// a tokenizer that they have no words for is refused.
/// </summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";
    private const string ModelKey = Prefix + "model";

    /// <summary>What files without a vocabulary have as its kind.</summary>
    private const string NoVocabulary = "no_vocab";

    /// <summary>Adds the keys.</summary>
    /// <param name="metadata">Gets them.</param>
    /// <param name="text">What the folder says of text.</param>
    /// <param name="architecture">The model's, as GGUF names it.</param>
    /// <param name="paddingId">The token that fills batches up; null for none.</param>
    /// <param name="remarks">Gets what the user should know.</param>
    /// <exception cref="ModelFormatException">The keys have no words for the folder's tokenizer.</exception>
    public static void AddTo(
        Metadata metadata, TokenizerFolder text, string architecture, int? paddingId, List<string> remarks)
    {
        if (text.Tokenizer is not { } tokenizer)
        {
            remarks.Add("the folder has no tokenizer, and neither has the file");
            metadata.Add(ModelKey, NoVocabulary);
            return;
        }

        VocabularySource vocabulary = GgufVocabulary.Find(text, tokenizer, architecture);
        Tokenizer written = Tokenizer.Create(vocabulary);
        AddTokens(metadata, vocabulary);
        AddMarks(metadata, tokenizer.Vocabulary, paddingId);
        AddStops(metadata, tokenizer.Vocabulary, written.Vocabulary, remarks);
        if (text.ChatTemplate is { } template)
        {
            metadata.Add("tokenizer.chat_template", template);
        }

        if (TokenizerProbe.DifferenceOutsideNormalForm(tokenizer, written))
        {
            remarks.Add(
                "the folder's tokenizer rewrites text first (Unicode's normal form), for which GGUF has no key: text "
                + "that is not in that form gets other tokens");
        }
    }

    private static void AddTokens(Metadata metadata, VocabularySource vocabulary)
    {
        metadata.Add(ModelKey, vocabulary.Kind);
        if (vocabulary.PreTokenizer is { } name)
        {
            metadata.Add(Prefix + "pre", name);
        }

        metadata.Add(Prefix + "tokens", vocabulary.Tokens.ToArray());
        if (vocabulary.Scores is { } scores)
        {
            metadata.Add(Prefix + "scores", scores.ToArray());
        }

        metadata.Add(Prefix + "token_type", vocabulary.Types!.ToArray());
        if (vocabulary.Merges is { } merges)
        {
            metadata.Add(Prefix + "merges", merges.ToArray());
        }
    }

    private static void AddMarks(Metadata metadata, Vocabulary vocabulary, int? paddingId)
    {
        AddId(metadata, "bos_token_id", vocabulary.BosId);
        AddId(metadata, "eos_token_id", vocabulary.EosId);
        AddId(metadata, "unknown_token_id", vocabulary.UnknownId);
        AddId(metadata, "padding_token_id", paddingId < vocabulary.Count ? paddingId : null);
        metadata.Add(Prefix + "add_bos_token", vocabulary.AddBos);
        metadata.Add(Prefix + "add_eos_token", vocabulary.AddEos);
        if (vocabulary.Kind.AddSpacePrefix || vocabulary.Source.AddSpacePrefix is not null)
        {
            metadata.Add(Prefix + "add_space_prefix", vocabulary.AddSpacePrefix);
        }
    }

    // GGUF names two tokens beside EOS that end an answer; the usual ones need no name.
    private static void AddStops(Metadata metadata, Vocabulary expected, Vocabulary written, List<string> remarks)
    {
        int[] more = [.. expected.EndOfGeneration.Except(written.EndOfGeneration).Order()];
        string[] keys = ["eot_token_id", "eom_token_id"];
        foreach ((int id, string key) in more.Zip(keys))
        {
            AddId(metadata, key, id);
        }

        if (more.Length > keys.Length)
        {
            IEnumerable<string?> left = more[keys.Length..].Select(id => expected.Spell(id));
            remarks.Add($"GGUF has no key for all tokens that end an answer; left out are {string.Join(' ', left)}");
        }
    }

    private static void AddId(Metadata metadata, string key, int? id)
    {
        if (id is { } token)
        {
            metadata.Add(Prefix + key, (uint)token);
        }
    }
}
