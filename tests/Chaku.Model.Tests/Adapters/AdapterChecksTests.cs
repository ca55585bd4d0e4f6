using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>What does not belong to a model is refused with both values and advice; forced, it is said.</summary>
public sealed class AdapterChecksTests
{
    private const string Jinja = "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}</s>\n{% endfor %}";

    [Fact]
    public void Another_base_is_refused_and_forced_with_a_warning()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model();
        string path = Write(folder, model, AdapterOrigin.On(model, new string('5', 64)) with { BaseName = "other" });

        string refusal = Assert.Throws<AdapterException>(() => Read(path, model)).Message;
        LoadedAdapter loaded = Read(path, model, isForced: true);

        string hash = Hash(model);
        foreach (string message in (string[])[refusal, Assert.Single(loaded.Notices)])
        {
            Assert.Contains("another base, 'other' of content hash 555555555555…", message, StringComparison.Ordinal);
            Assert.Contains($"llama-gqa.gguf has {hash[..12]}…", message, StringComparison.Ordinal);
        }

        Assert.EndsWith("made for, or insist with --force", refusal, StringComparison.Ordinal);
        Assert.StartsWith("FORCED: ", loaded.Notices[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Force_does_not_make_shapes_fit()
    {
        using TemporaryFolder folder = new();
        using LanguageModel other = SampleAdapters.Model("llama3-ropefreqs");
        using LanguageModel model = SampleAdapters.Model();
        string path = Write(folder, other, AdapterOrigin.On(other, Hash(other)), "down_proj", "k_proj");

        if (Record.Exception(() => Read(path, model, isForced: true)) is { } exception)
        {
            Assert.IsType<AdapterException>(exception);
        }

        string shapes = folder.WriteFolder(SampleAdapters.Pair("model.layers.0.self_attn.v_proj", 32, 64));
        Assert.Throws<AdapterException>(() => Read(shapes, model, isForced: true));
    }

    [Fact]
    public void The_template_that_it_was_trained_with_comes_with_it()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = LanguageModel.Load(Copy(folder, "own.gguf", Jinja));
        LoadedAdapter own = Read(Write(folder, model, Trained(model, ChatTemplates.Resolve(
            null, model.ChatTemplate, model.Tokenizer.Vocabulary))), model);
        LoadedAdapter named = Read(Write(folder, model, Trained(model, ChatTemplates.Find("alpaca"))), model);

        Assert.StartsWith("own-", own.Template!.Name, StringComparison.Ordinal);
        Assert.Same(ChatTemplates.Find("alpaca"), named.Template);
        Assert.Empty(own.Notices.Concat(named.Notices));
    }

    [Fact]
    public void A_model_whose_own_template_has_changed_is_refused()
    {
        using TemporaryFolder folder = new();
        using LanguageModel before = LanguageModel.Load(Copy(folder, "before.gguf", Jinja));
        ChatTemplate template = ChatTemplates.Resolve(null, before.ChatTemplate, before.Tokenizer.Vocabulary);
        string path = Write(folder, before, Trained(before, template));
        using LanguageModel after = LanguageModel.Load(Copy(folder, "after.gguf", Jinja + "!"));
        using LanguageModel without = LanguageModel.Load(Copy(folder, "without.gguf", null));

        string changed = Refusal(path, after);
        Assert.Contains(template.Name, changed, StringComparison.Ordinal);
        Assert.Contains("the model's own is own-", changed, StringComparison.Ordinal);
        Assert.Contains("the model has no chat template", Refusal(path, without), StringComparison.Ordinal);
        Assert.Null(Read(path, after, isForced: true).Template);
    }

    [Fact]
    public void White_space_that_a_name_does_not_show_and_other_marks_are_refused_with_both_fingerprints()
    {
        using TemporaryFolder folder = new();
        using LanguageModel before = LanguageModel.Load(Copy(folder, "before.gguf", Jinja));
        ChatTemplate template = ChatTemplates.Resolve(null, before.ChatTemplate, before.Tokenizer.Vocabulary);
        AdapterOrigin origin = Trained(before, template);
        string path = Write(folder, before, origin);
        using LanguageModel spaced = LanguageModel.Load(Copy(folder, "spaced.gguf", Jinja + "\n\n"));
        using LanguageModel ends = LanguageModel.Load(Copy(folder, "ends.gguf", Jinja, eosId: 17));

        foreach (LanguageModel model in (LanguageModel[])[spaced, ends])
        {
            string refusal = Refusal(path, model);
            Assert.Contains($"fingerprint {origin.TemplateSha256![..12]}…", refusal, StringComparison.Ordinal);
            ChatTemplate now = ChatTemplates.Resolve(null, model.ChatTemplate, model.Tokenizer.Vocabulary);
            string found = TemplateFingerprint.Of(now, model.Tokenizer.Vocabulary);
            Assert.Contains($"has {found[..12]}…", refusal, StringComparison.Ordinal);
            LoadedAdapter forced = Read(path, model, isForced: true);
            Assert.Equal(template.Name, forced.Template!.Name);
            Assert.StartsWith("FORCED: ", Assert.Single(forced.Notices), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_template_known_by_name_only_is_taken_with_a_notice()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model();
        AdapterOrigin origin = Trained(model, ChatTemplates.Find("alpaca")) with { TemplateSha256 = null };

        LoadedAdapter loaded = Read(Write(folder, model, origin), model);

        Assert.Contains("does not say what it was like", Assert.Single(loaded.Notices), StringComparison.Ordinal);
        Assert.Same(ChatTemplates.Find("alpaca"), loaded.Template);
        Assert.Contains(
            "no chat template named 'papyrus'",
            Refusal(Write(folder, model, origin with { Template = "papyrus" }), model),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_template_than_the_adapters_is_accepted_only_when_forced()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model();
        LoadedAdapter loaded = Read(Write(folder, model, Trained(model, ChatTemplates.Find("alpaca"))), model);

        Assert.Null(loaded.Accept(ChatTemplates.Find("alpaca"), isForced: false));
        Assert.Contains(
            "trained with the template alpaca: it does not understand dolly",
            Assert.Throws<ChatTemplateException>(() => loaded.Accept(ChatTemplates.Find("dolly"), false)).Message,
            StringComparison.Ordinal);
        Assert.StartsWith("FORCED: ", loaded.Accept(ChatTemplates.Find("dolly"), true), StringComparison.Ordinal);
    }

    [Fact]
    public void Stop_ids_that_the_model_lacks_are_refused_even_when_forced()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model();
        string path = Write(folder, model, AdapterOrigin.On(model, Hash(model)) with { StopIds = [2, 384] });

        string message = Assert.Throws<AdapterException>(() => Read(path, model, isForced: true)).Message;

        Assert.Contains("token 384, but the model has 384 tokens", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(1f, 0f)]
    [InlineData(1e-30f, 1e-8f)]
    public void One_that_changes_nothing_is_loaded_only_when_forced(float a, float b)
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model();
        string path = folder.WriteFolder(SampleAdapters.Values(a, b));

        string refusal = Refusal(path, model);
        LoadedAdapter loaded = Read(path, model, isForced: true);

        Assert.Contains("changes nothing: of all 2 matrices", refusal, StringComparison.Ordinal);
        Assert.EndsWith("insist with --force", refusal, StringComparison.Ordinal);
        Assert.Contains(
            loaded.Notices, notice => notice.StartsWith("FORCED: ", StringComparison.Ordinal));
        Assert.Equal(SampleAdapters.Logits(model, null), SampleAdapters.Logits(model, loaded.Adapter));
    }

    private static AdapterOrigin Trained(LanguageModel model, ChatTemplate template) =>
        AdapterOrigin.On(model, Hash(model)) with
        {
            Template = template.Name,
            TemplateSha256 = TemplateFingerprint.Of(template, model.Tokenizer.Vocabulary),
            StopIds = [2],
        };

    private static string Write(
        TemporaryFolder folder, LanguageModel model, AdapterOrigin origin, params string[] targets)
    {
        string path = folder[$"{Guid.NewGuid():N}"];
        PeftWriter.Write(
            path, SampleAdapters.Random(model, 1, origin: origin, targets: targets), AdaptableLinears.Of(model));
        return path;
    }

    private static LoadedAdapter Read(string path, LanguageModel model, bool isForced = false) => AdapterReader.Read(
        path, model, SampleAdapters.Hashes, isForced, cancellation: TestContext.Current.CancellationToken);

    private static string Refusal(string path, LanguageModel model)
    {
        string message = Assert.Throws<AdapterException>(() => Read(path, model)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static string Hash(LanguageModel model) =>
        ContentHash.Compute(model.Source.Content, null, TestContext.Current.CancellationToken);

    // The same weights, and so the same content hash, with another template or end.
    private static string Copy(TemporaryFolder folder, string name, string? jinja, uint? eosId = null)
    {
        using GgufFile file = GgufFile.Open(Fixtures.TestData("models", "tiny", "llama-gqa.gguf"));
        Metadata metadata = new(name);
        foreach (MetadataValue value in file.Metadata)
        {
            if (eosId is null || value.Key != "tokenizer.ggml.eos_token_id")
            {
                metadata.TryAdd(value);
            }
        }

        if (jinja is not null)
        {
            metadata.Add("tokenizer.chat_template", jinja);
        }

        if (eosId is { } id)
        {
            metadata.Add("tokenizer.ggml.eos_token_id", id);
        }

        GgufWriter.Write(folder[name], metadata, [.. file.Tensors.Select(tensor => TensorSource.FromBytes(
            tensor.Name, tensor.Format, tensor.Dimensions, file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray()))]);
        return folder[name];
    }
}
