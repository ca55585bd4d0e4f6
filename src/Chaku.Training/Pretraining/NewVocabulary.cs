using System.Text;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Chaku.Training.Datasets;

namespace Chaku.Training.Pretraining;

/// <summary>
/// A vocabulary of its own for a new model: its special tokens, the 256 bytes, and merges that it learns.
/// </summary>
/// <param name="Tokens">The tokens as GGUF spells them, UTF-8.</param>
/// <param name="Types">A <see cref="TokenType"/> each.</param>
/// <param name="Merges">Pairs of spellings with a space between.</param>
/// <param name="EosId">The token that ends an answer.</param>
internal sealed record NewVocabulary(
    IReadOnlyList<byte[]> Tokens, IReadOnlyList<TokenType> Types, IReadOnlyList<byte[]> Merges, int EosId)
{
    /// <summary>How text is cut into words before it is merged, as <c>tokenizer.ggml.pre</c> names it.</summary>
    public const string PreTokenizerName = "gpt-2";

    /// <summary>Learns a vocabulary from all the text of a data set.</summary>
    /// <param name="config">Its size and its special tokens.</param>
    /// <param name="records">The data.</param>
    public static NewVocabulary Learn(NewModelConfig config, IEnumerable<DatasetRecord> records)
    {
        int firstByte = config.SpecialTokens.Count;
        int mergeCount = config.VocabularySize - firstByte - (byte.MaxValue + 1);
        List<byte[]> contents = [.. Enumerable.Range(0, byte.MaxValue + 1).Select(value => new[] { (byte)value })];
        List<byte[]> merges = [];
        foreach ((int left, int right) in new BpeLearner(Words(records)).Learn(mergeCount))
        {
            contents.Add([.. contents[left], .. contents[right]]);
            merges.Add([.. Spell(contents[left]), (byte)' ', .. Spell(contents[right])]);
        }

        return new NewVocabulary(
            [.. config.SpecialTokens.Select(Encoding.UTF8.GetBytes), .. contents.Select(Spell)],
            [
                .. Enumerable.Repeat(TokenType.Control, firstByte),
                .. Enumerable.Repeat(TokenType.Normal, contents.Count),
            ],
            merges,
            config.SpecialTokens.ToList().IndexOf(config.EosToken));
    }

    // In the order in which they were first seen, so that nothing depends on how a dictionary is laid out.
    private static List<KeyValuePair<byte[], long>> Words(IEnumerable<DatasetRecord> records)
    {
        PreTokenizer cutter = PreTokenizers.Find(PreTokenizerName)!;
        Dictionary<byte[], int> numbers = new(Utf8Comparer.Instance);
        List<KeyValuePair<byte[], long>> words = [];
        List<int> lengths = [];
        foreach (string text in records.SelectMany(Texts))
        {
            ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
            lengths.Clear();
            cutter.Split(bytes, lengths);
            foreach (int length in lengths)
            {
                byte[] word = bytes[..length].ToArray();
                bytes = bytes[length..];
                if (numbers.TryGetValue(word, out int number))
                {
                    words[number] = new(word, words[number].Value + 1);
                }
                else
                {
                    numbers[word] = words.Count;
                    words.Add(new(word, 1));
                }
            }
        }

        return words;
    }

    private static IEnumerable<string> Texts(DatasetRecord record) => record switch
    {
        ConversationRecord { Conversation: Conversation conversation } =>
            conversation.Messages.Select(message => message.Content),
        TextRecord text => [text.Text],
        _ => [],
    };

    private static byte[] Spell(byte[] content) => ByteLevelAlphabet.Encode(content);
}
