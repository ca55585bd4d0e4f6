using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

public sealed class PeftRoundTripTests
{
    [Theory]
    [InlineData("llama-gqa", 4, 8f, false, false)]
    [InlineData("llama-gqa", 4, 8f, false, true)]
    [InlineData("llama-mqa-tied", 1, 0.1f, true, true)]
    [InlineData("llama3-ropefreqs", 7, 1e-3f, false, false)]
    public void An_adapter_written_and_read_has_the_same_bits(
        string name, int rank, float alpha, bool isRankStabilised, bool isDora)
    {
        using LanguageModel model = SampleAdapters.Model(name);
        using TemporaryFolder folder = new();
        LoraSettings settings = new(rank, alpha, isRankStabilised, isDora);
        LoraAdapter adapter = SampleAdapters.Random(model, 5, settings, Origin(model));

        PeftWriter.Write(folder["a"], adapter, AdaptableLinears.Of(model));
        LoadedAdapter loaded = AdapterReader.Read(folder["a"], model, SampleAdapters.Hashes);

        Assert.Empty(loaded.Notices);
        Assert.Equal(adapter.Settings, loaded.Adapter.Settings);
        Assert.Equal(adapter.Origin with { StopIds = null }, loaded.Adapter.Origin with { StopIds = null });
        Assert.Equal(adapter.Origin.StopIds, loaded.Adapter.Origin.StopIds);
        Assert.Equal(adapter.Factors.Keys.Order(), loaded.Adapter.Factors.Keys.Order());
        Assert.All(adapter.Factors, entry =>
        {
            LoraFactors read = loaded.Adapter.Factors[entry.Key];
            Assert.Equal(entry.Value.AValues, read.AValues);
            Assert.Equal(entry.Value.TransposedBValues, read.TransposedBValues);
            Assert.Equal(entry.Value.Scale, read.Scale);
            Assert.Equal(entry.Value.Magnitude, read.Magnitude);
            Assert.Equal(isDora, read.Magnitude is not null);
        });
    }

    [Fact]
    public void The_same_adapter_gives_the_same_bytes()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["a", "b"])
        {
            LoraAdapter adapter = SampleAdapters.Random(model, 9, origin: Origin(model));
            PeftWriter.Write(folder[name], adapter, AdaptableLinears.Of(model));
        }

        foreach (string file in (string[])[PeftFolder.ConfigName, PeftFolder.WeightsName])
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(folder["a"], file)), File.ReadAllBytes(Path.Combine(folder["b"], file)));
        }
    }

    [Fact]
    public void Some_layers_only_are_named_whole()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        LoraAdapter adapter = SampleAdapters.Random(model, 1, null, null, "blk.0.attn_q", "up_proj", "output");

        PeftWriter.Write(folder["a"], adapter, AdaptableLinears.Of(model));
        using PeftFolder written = PeftFolder.Open(folder["a"]);

        Assert.Equal(["model.layers.0.self_attn.q_proj", "up_proj", "lm_head"], written.Config.TargetModules);
        Assert.Equal(4, AdapterReader.Read(folder["a"], model, SampleAdapters.Hashes).Adapter.Factors.Count);
    }

    [Fact]
    public void Rows_of_queries_and_keys_are_a_permutation_of_each_head()
    {
        using LanguageModel model = SampleAdapters.Model();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        int headSize = model.Decoder.Config.Attention.HeadSize;
        int[] query = linears.StoredRows(linears.FindModule("model.layers.0.self_attn.q_proj")!);
        int[] value = linears.StoredRows(linears.FindModule("model.layers.0.self_attn.v_proj")!);

        Assert.Equal(Enumerable.Range(0, query.Length), query.Order());
        Assert.Equal(Enumerable.Range(0, value.Length), value);

        // llama.cpp's converter: reshape(heads, 2, size / 2, in).swapaxes(1, 2).
        Assert.Equal(
            Enumerable.Range(0, query.Length).Select(row =>
            {
                int inHead = row % headSize;
                return row - inHead + (2 * (inHead % (headSize / 2))) + (inHead / (headSize / 2));
            }),
            query);
        Assert.Equal([0, 2, 4], query[..3]);
        Assert.Equal(1, query[headSize / 2]);
    }

    private static AdapterOrigin Origin(LanguageModel model) =>
        AdapterOrigin.On(
            model, ContentHash.Compute(model.Source.Content, null, TestContext.Current.CancellationToken)) with
        {
            Template = "alpaca",
            TemplateSha256 = TemplateFingerprint.Of(ChatTemplates.Find("alpaca"), model.Tokenizer.Vocabulary),
            StopIds = [2, 7],
            Seed = ulong.MaxValue,
        };
}
