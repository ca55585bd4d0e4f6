using Chaku.Model.Templates;
using Chaku.Model.Tests.Tokenizers;
using Chaku.Model.Tokenizers;
using Chaku.Tests;

namespace Chaku.Model.Tests.Templates;

public sealed class ChatTemplatesTests
{
    private const string Names = "alpaca, alpaca-lora, alpaca-fastchat, chatml, dolly, falcon-instruct, "
        + "falcon-180b-chat, llama-2, llama-3, mistral, oasst, vicuna-v0, vicuna-v1.1";

    private static readonly Vocabulary Vocabulary = new(SampleVocabularies.SentencePiece());

    [Fact]
    public void Names_and_fingerprints_are_each_of_one_template()
    {
        Assert.Distinct(ChatTemplates.All.Select(template => template.Name));
        Assert.Distinct(ChatTemplates.All.SelectMany(template => template.Fingerprints));
    }

    [Fact]
    public void A_name_is_found_whatever_its_case() => Assert.Equal("llama-2", ChatTemplates.Find("LLAMA-2").Name);

    [Fact]
    public void An_unknown_name_is_refused_with_the_names_there_are() => Assert.Equal(
        "no chat template named 'vicuna': choose one of " + Names,
        Assert.Throws<ChatTemplateException>(() => ChatTemplates.Resolve("vicuna", jinja: null, Vocabulary)).Message);

    [Fact]
    public void A_model_without_a_template_is_refused_in_one_line() => Assert.Equal(
        "the model has no chat template: choose one with --template NAME (" + Names + ")",
        Assert.Throws<ChatTemplateException>(() => ChatTemplates.Resolve(null, null, Vocabulary)).Message);

    [Fact]
    public void A_models_own_template_is_taken_and_found_again_by_its_name()
    {
        ChatTemplate own = ChatTemplates.Resolve(null, "{{ x }}", Vocabulary);

        Assert.Matches("^own-[0-9a-f]{12}$", own.Name);
        Assert.Equal(own.Name, ChatTemplates.Resolve(own.Name, "{{ x }}\n", Vocabulary).Name);
        Assert.Equal(
            $"no chat template named '{own.Name}': the model's own is {JinjaTemplate.NameOf("other")}",
            Assert.Throws<ChatTemplateException>(() => ChatTemplates.Resolve(own.Name, "other", Vocabulary)).Message);
    }

    [Fact]
    public void A_fingerprint_is_the_hash_of_the_text_without_white_space_around_it() => Assert.Equal(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ChatTemplates.Fingerprint(" abc\n"));

    [Fact]
    public void Templates_of_other_models_are_taken_for_none_of_the_built_in_ones()
    {
        foreach (string path in Directory.EnumerateFiles(Fixtures.Shared("templates", "templates")))
        {
            Assert.Null(ChatTemplates.Detect(File.ReadAllText(path)));
        }
    }
}
