using Chaku.Model.Tokenizers;
using Chaku.Tests;

namespace Chaku.Model.Tests.Tokenizers;

/// <summary>Real vocabularies against the tokens that llama.cpp gives.</summary>
public sealed class TokenizerVectorTests
{
    [Theory]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("gpt-2")]
    [InlineData("falcon")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    [InlineData("starcoder")]
    public void Encoding_gives_the_reference_tokens_and_decoding_the_text(string name)
    {
        Tokenizer tokenizer = SampleVocabularies.Shared("tokenizers", $"ggml-vocab-{name}.gguf");
        string inputs = File.ReadAllText(Fixtures.Shared("tokenizers", $"ggml-vocab-{name}.gguf.inp"));
        string[] expected = File.ReadAllLines(Fixtures.Shared("tokenizers", $"ggml-vocab-{name}.gguf.out"));

        string[] texts = inputs.Split("\n__ggml_vocab_test__\n")[..^1];

        Assert.Equal(expected.Length, texts.Length);
        foreach ((string text, string line) in texts.Zip(expected))
        {
            int[] ids = tokenizer.Encode(text, addSpecial: false);
            Assert.Equal(line.Trim(), string.Join(' ', ids));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    /// <summary>Expected: Microsoft.ML.Tokenizers 2.0.1 on the model's own tok512.model.</summary>
    [Theory]
    [InlineData("Once upon a time", new[] { 403, 407, 261, 378 })]
    [InlineData("One day, a cat", new[] { 385, 328, 432, 261, 280, 294 })]
    [InlineData(
        "Lily said: \"Héllo\" 😀\n", new[] { 317, 336, 467, 313, 440, 485, 306, 414, 436, 410, 243, 162, 155, 131, 13 })]
    public void Stories_have_the_tokens_of_their_SentencePiece_model(string text, int[] expected)
    {
        Tokenizer tokenizer = SampleVocabularies.Shared("models", "stories260K", "stories260K.gguf");

        Assert.Equal(expected, tokenizer.Encode(text, addSpecial: false));
    }

    [Fact]
    public void Stories_continue_from_a_prompt_without_its_leading_space()
    {
        Tokenizer tokenizer = SampleVocabularies.Shared("models", "stories260K", "stories260K.gguf");

        int[] ids = tokenizer.Encode("Once upon a time");

        Assert.Equal(1, ids[0]);
        Assert.StartsWith("Once upon a time", tokenizer.Decode([.. ids, 432, 440]), StringComparison.Ordinal);
    }

    [Fact]
    public void Llama_2s_chat_marks_are_the_tokens_that_its_authors_train_on()
    {
        Tokenizer tokenizer = SampleVocabularies.Shared("tokenizers", "ggml-vocab-llama-spm.gguf");

        int[] ids = tokenizer.Encode("<s>[INST] Hello [/INST]", parseSpecial: true, addSpecial: false);

        Assert.Equal([1, 518, 25580, 29962, 15043, 518, 29914, 25580, 29962], ids);
    }

    /// <summary>Expected: the added tokens of Phi-3's tokenizer.json take the white space behind them.</summary>
    [Fact]
    public void Phi_3s_marks_take_the_white_space_behind_them()
    {
        Tokenizer tokenizer = SampleVocabularies.Shared("tokenizers", "ggml-vocab-phi-3.gguf");

        int[] ids = tokenizer.Encode("<|user|>\n Hello<|end|>\n<|assistant|>\n", parseSpecial: true);

        Assert.Equal([1, 32010, 15043, 32007, 32001], ids);
        Assert.Equal([1, 29871, 15043], tokenizer.Encode("<s> Hello", parseSpecial: true));
    }

    [Fact]
    public void An_older_file_without_a_pre_tokenizer_has_its_architectures_own()
    {
        Tokenizer tokenizer = SampleVocabularies.Shared("tokenizers", "ggml-vocab-gpt-neox.gguf");

        Assert.Equal([12092, 1533], tokenizer.Encode("Hello world"));
    }
}
