using Chaku.Model.Templates;
using Chaku.Model.Tests.Tokenizers;
using Chaku.Model.Tokenizers;
using CsCheck;

namespace Chaku.Model.Tests.Templates;

public sealed class PromptEncoderTests
{
    private static readonly string[] Marks =
    [
        "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|end_of_text|>",
        "<|im_start|>", "<|im_end|>", "<|prompter|>", "<|assistant|>", "### End", "### Response:\n",
    ];

    private static readonly Tokenizer Llama2 = Tokenizer.Create(
        SampleVocabularies.SentencePiece("▁", "h", "i", "▁h", "▁hi"));

    private static readonly VocabularySource MarkedSource = Marks.Aggregate(
        SampleVocabularies.ByteLevel("h i", "Ċ Ċ", "Ċ h"),
        static (source, mark) => source.With(mark, TokenType.Control));

    private static readonly Tokenizer Marked = Tokenizer.Create(
        MarkedSource with { BosId = 260, EosId = 264, AddBos = true });

    private static readonly Message Hi = new(Role.User, "hi");

    public static TheoryData<string> Names => [.. ChatTemplates.All.Select(template => template.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_sequence_begins_with_one_begin_token(string name)
    {
        (Tokenizer tokenizer, PromptEncoder encoder) = Make(name);

        int[] ids = encoder.Encode(new([Hi]), addGenerationPrompt: true).Ids;

        Assert.Equal(tokenizer.Vocabulary.BosId, ids[0]);
        Assert.Single(ids, id => id == tokenizer.Vocabulary.BosId);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_prompt_has_the_same_tokens_whether_an_answer_follows_or_not(string name)
    {
        (Tokenizer tokenizer, PromptEncoder encoder) = Make(name);

        int[] prompt = encoder.Encode(new([Hi]), addGenerationPrompt: true).Ids;
        EncodedConversation whole = encoder.Encode(new([Hi, new(Role.Assistant, "hi")]), addGenerationPrompt: false);

        Assert.Equal(prompt, whole.Ids[..prompt.Length]);
        Assert.All(whole.IsAnswer[..prompt.Length], Assert.False);
        Assert.All(whole.IsAnswer[prompt.Length..], Assert.True);
        string said = tokenizer.Decode(whole.Ids.AsSpan(prompt.Length));
        Assert.True(
            encoder.StopIds.Contains(whole.Ids[^1])
            || encoder.StopStrings.Any(stop => said.Contains(stop, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Users_and_answers_cannot_write_special_tokens(string name)
    {
        (Tokenizer tokenizer, PromptEncoder encoder) = Make(name);
        Gen.OneOf([.. Marks, "</s>", "<s>", "hi", "<0x41>"]).List[1, 6].Sample(pieces =>
        {
            string words = string.Concat(pieces);
            int Count(string text) => encoder
                .Encode(new([new(Role.System, text), new(Role.User, text, text), new(Role.Assistant, text)]), false).Ids
                .Count(tokenizer.Vocabulary.IsMark);

            Assert.Equal(Count("hi"), Count(words));
        });
    }

    [Fact]
    public void Where_markup_meets_words_the_tokens_are_those_of_the_joined_text()
    {
        int[] ids = Make("llama-2").Encoder.Encode(new([Hi]), addGenerationPrompt: true).Ids;

        Assert.Equal(Llama2.Encode("[INST] hi [/INST]"), ids);
        Assert.Contains(263, ids);
    }

    [Fact]
    public void An_answer_begins_with_a_token_of_its_own()
    {
        EncodedConversation encoded = Make("llama-2").Encoder.Encode(
            new([Hi, new(Role.Assistant, "hi"), Hi]), addGenerationPrompt: true);

        Assert.Equal([263, 259, 2], encoded.Ids.Where((_, index) => encoded.IsAnswer[index]));
        Assert.Equal(2, encoded.Ids.Count(id => id == 1));
    }

    [Fact]
    public void A_template_whose_tokens_the_vocabulary_has_not_is_refused_by_name()
    {
        Tokenizer endless = Tokenizer.Create(SampleVocabularies.SentencePiece() with { BosId = -1, EosId = -1 });

        AssertRefused(Llama2, "llama-3", "control token <|start_header_id|>");
        AssertRefused(Llama2, "chatml", "control token <|im_start|>");
        AssertRefused(Llama2, "oasst", "control token <|prompter|>");
        AssertRefused(endless, "llama-2", "BOS token");
        AssertRefused(endless, "alpaca", "EOS token");
    }

    [Fact]
    public void Answers_end_at_the_vocabularys_ends_and_the_templates()
    {
        Assert.Equal([259, 263, 264, 266], Make("llama-3").Encoder.StopIds.Order());
        Assert.Equal([259, 263, 264, 265, 266], Make("chatml").Encoder.StopIds.Order());
        Assert.Equal([2], Make("alpaca").Encoder.StopIds);
        Assert.Equal(["###"], Make("alpaca").Encoder.StopStrings);
    }

    [Fact]
    public void Dollys_headings_are_tokens_where_the_vocabulary_has_them_and_text_elsewhere()
    {
        ChatTemplate dolly = ChatTemplates.Find("dolly");
        Conversation conversation = new([Hi, new(Role.Assistant, "hi")]);
        PromptEncoder encoder = new(Marked, dolly);

        EncodedConversation encoded = encoder.Encode(conversation, addGenerationPrompt: false);
        Assert.Equal(Marked.Vocabulary.Find("### End"), encoded.Ids[^1]);
        Assert.Contains(encoded.Ids[^1], encoder.StopIds);
        Assert.Equal(Marked.Vocabulary.Find("### Response:\n"), encoded.Ids[encoded.IsAnswer.IndexOf(true) - 1]);

        EncodedConversation plain = new PromptEncoder(Llama2, dolly).Encode(conversation, addGenerationPrompt: false);
        Assert.EndsWith("### Response:\nhi\n\n### End", Llama2.Decode(plain.Ids), StringComparison.Ordinal);
    }

    private static (Tokenizer Tokenizer, PromptEncoder Encoder) Make(string name)
    {
        Tokenizer tokenizer = ChatTemplates.Find(name).Marks.Count > 0 ? Marked : Llama2;
        return (tokenizer, new(tokenizer, ChatTemplates.Find(name)));
    }

    private static void AssertRefused(Tokenizer tokenizer, string name, string missing) => Assert.Equal(
        $"the chat template {name} does not fit the model: its vocabulary has no {missing}",
        Assert.Throws<ChatTemplateException>(() => new PromptEncoder(tokenizer, ChatTemplates.Find(name))).Message);
}
