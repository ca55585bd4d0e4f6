using Chaku.Model.Adapters;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;

namespace Chaku.Model.Tests.Adapters;

public sealed class LoraAdapterTests
{
    [Fact]
    public void A_new_adapter_changes_nothing()
    {
        using LanguageModel model = SampleAdapters.Model();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraAdapter adapter = LoraAdapter.Create(linears, [AdaptableLinears.AllLinear, "lm_head"], new(4, 8), 1);

        Assert.Equal(15, adapter.Factors.Count);
        Assert.True(AdapterEffect.Of(adapter, linears).IsNothing);
        Assert.Equal(SampleAdapters.Logits(model, null), SampleAdapters.Logits(model, adapter));
    }

    [Fact]
    public void A_is_uniform_and_depends_on_seed_layer_and_place_alone()
    {
        using LanguageModel model = SampleAdapters.Model();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraFactors all = Factors(["all-linear"], 7);
        LoraFactors alone = Factors(["down_proj"], 7);
        LoraFactors other = Factors(["down_proj"], 8);
        const double Bound = 0.08838834764831845;

        Assert.Equal(all.AValues, alone.AValues);
        Assert.NotEqual(alone.AValues.ToArray(), other.AValues.ToArray());
        Assert.All(alone.AValues.ToArray(), value => Assert.InRange(value, -Bound, Bound));

        // Of 2,048 uniform draws, in bounds: the mean within 5 / √(3 · 2048), the variance within a tenth of a third.
        double[] draws = [.. alone.AValues.ToArray().Select(value => value / Bound)];
        Assert.InRange(draws.Average(), -0.064, 0.064);
        Assert.InRange(draws.Average(draw => draw * draw), 0.3, 0.367);

        LoraFactors Factors(string[] targets, ulong seed) =>
            LoraAdapter.Create(linears, targets, new(16, 8), seed).Factors["blk.1.ffn_down.weight"];
    }

    [Theory]
    [InlineData("all-linear", 14)]
    [InlineData("q_proj", 2)]
    [InlineData("attn_q", 2)]
    [InlineData("self_attn.q_proj", 2)]
    [InlineData("model.layers.1.mlp.up_proj", 1)]
    [InlineData("blk.1.ffn_up.weight", 1)]
    [InlineData("output", 1)]
    [InlineData("lm_head", 1)]
    public void A_target_is_named_in_either_world(string target, int count)
    {
        using LanguageModel model = SampleAdapters.Model();
        Assert.Equal(count, AdaptableLinears.Of(model).Select([target]).Count);
    }

    [Theory]
    [InlineData("proj")]
    [InlineData("weight")]
    [InlineData("")]
    [InlineData("token_embd")]
    [InlineData("model.layers.2.mlp.up_proj")]
    public void An_unknown_target_is_refused_with_those_that_are_known(string target)
    {
        using LanguageModel model = SampleAdapters.Model();
        AdapterException exception =
            Assert.Throws<AdapterException>(() => AdaptableLinears.Of(model).Select(["q_proj", target]));
        Assert.Contains("all-linear, q_proj (attn_q), k_proj (attn_k)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tied_output_head_is_no_target()
    {
        using LanguageModel model = SampleAdapters.Model("llama-mqa-tied");
        Assert.Throws<AdapterException>(() => AdaptableLinears.Of(model).Select(["lm_head"]));
        Assert.Equal(14, AdaptableLinears.Of(model).All.Count);
    }

    [Fact]
    public void Settings_that_cannot_be_are_refused()
    {
        using LanguageModel model = SampleAdapters.Model();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        Assert.Throws<AdapterException>(() => LoraAdapter.Create(linears, ["q_proj"], new(0, 8), 1));
        Assert.Throws<AdapterException>(() => LoraAdapter.Create(linears, ["q_proj"], new(8, float.NaN), 1));
        Assert.Throws<AdapterException>(() => LoraAdapter.Create(linears, [], new(8, 8), 1));
        Assert.Equal(4f, new LoraSettings(4, 8, IsRankStabilised: true).Scale);
    }

    [Fact]
    public void Two_adapters_and_none_in_one_batch_give_each_ones_bits()
    {
        using LanguageModel model = SampleAdapters.Model();
        LoraAdapter?[] adapters =
        [
            SampleAdapters.Random(model, 1),
            null,
            SampleAdapters.Random(model, 2, new LoraSettings(5, 5), null, "q_proj", "down_proj", "lm_head"),
        ];
        using KvCache cache = model.CreateCache(adapters.Length);
        Batch batch = new();
        KvSequence[] sequences =
            [.. adapters.Select(adapter => cache.Open(adapter is null ? null : model.Bind(adapter)))];
        foreach (KvSequence sequence in sequences)
        {
            batch.Add(sequence, SampleAdapters.Tokens, OutputRows.All);
        }

        model.Decoder.Forward(batch);
        int count = SampleAdapters.Tokens.Length;
        int width = model.Decoder.Config.VocabularySize;
        float[] together = new float[adapters.Length * count * width];
        model.Decoder.Logits(batch, 0, adapters.Length * count, together);

        Assert.All(adapters.Index(), entry => Assert.Equal(
            SampleAdapters.Logits(model, entry.Item),
            together.AsSpan(entry.Index * count * width, count * width).ToArray()));
        Array.ForEach(sequences, sequence => sequence.Dispose());
    }
}
