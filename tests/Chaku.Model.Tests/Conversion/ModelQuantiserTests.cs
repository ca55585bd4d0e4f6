using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Conversion;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Scoring;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>Files of other formats: tensor by tensor beside llama.cpp's, and what they say of themselves.</summary>
public sealed class ModelQuantiserTests : IDisposable
{
    private const double MostRatio = 1.01;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    public void Tensors_have_the_bytes_of_llama_cpp(string mix)
    {
        using GgufFile expected = GgufFile.Open(Shared(mix));
        using GgufFile actual = GgufFile.Open(Quantise(Shared("F32"), mix));
        foreach (GgufTensor tensor in expected.Tensors)
        {
            GgufTensor own = actual[tensor.Name];
            Assert.Equal(tensor.Format, own.Format);
            Assert.Equal(Bytes(expected, tensor), Bytes(actual, own));
        }
    }

    [Theory]
    [InlineData("Q2_K", "Q2_K")]
    [InlineData("Q4_K_M", "Q4_K_M")]
    [InlineData("Q5_K_M", "Q5_K_M")]
    [InlineData("Q6_K", "Q6_K")]
    public void The_error_of_each_matrix_is_hardly_larger_than_that_of_llama_cpp(string mix, string file)
    {
        using GgufFile source = GgufFile.Open(Shared("F32"));
        using GgufFile theirs = GgufFile.Open(Shared(file));
        using GgufFile ours = GgufFile.Open(Quantise(Shared("F32"), mix));
        foreach (GgufTensor tensor in theirs.Tensors.Where(tensor => tensor.Format.BlockLength > 1))
        {
            float[] weights = Singles(source, source[tensor.Name]);
            double error = RoundingError.Of(weights, Singles(ours, ours[tensor.Name])).Relative;
            double bound = MostRatio * RoundingError.Of(weights, Singles(theirs, tensor)).Relative;
            Assert.InRange(error, 0, bound);
        }
    }

    [Fact]
    public void A_file_says_what_it_was_made_from_and_runs()
    {
        string source = Fixtures.TestData("models", "quant", "llama-gqa-Q8_0.gguf");
        string path = Quantise(source, "Q6_K");
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal("source", file.Metadata["chaku.made_from.0.name"].AsString());
        Assert.Equal("a hash", file.Metadata["chaku.made_from.0.content_sha256"].AsString());
        Assert.Equal("chaku quantize", file.Metadata["chaku.made_with"].AsString());
        Assert.Equal(18u, file.Metadata["general.file_type"].Content);
        using LanguageModel before = LanguageModel.Load(source, new ModelOptions { ThreadCount = 1 });
        using LanguageModel after = LanguageModel.Load(path, new ModelOptions { ThreadCount = 1 });
        IReadOnlyList<int[]> windows = TokenWindows.Written(before, null, first: 1, length: 12, count: 3);
        DivergenceScore score = Divergence.Measure(before, null, after, windows);
        Assert.Equal(33, score.TokenCount);
        Assert.InRange(score.MeanKl, 1e-9, 0.1);
        Assert.InRange(Divergence.Measure(before, null, before, windows).LargestKl, 0, 1e-12);
    }

    [Fact]
    public void Bytes_do_not_depend_on_threads_and_a_kept_tensor_has_its_own()
    {
        string source = Fixtures.TestData("models", "quant", "llama-gqa-Q8_0.gguf");
        byte[] alone = File.ReadAllBytes(Quantise(source, "Q4_K_M", isPure: false, threads: 1));
        Assert.Equal(alone, File.ReadAllBytes(Quantise(source, "Q4_K_M", isPure: false, threads: 3)));
        using GgufFile before = GgufFile.Open(source);
        using GgufFile same = GgufFile.Open(Quantise(source, "Q8_0"));
        Assert.All(before.Tensors, tensor => Assert.Equal(Bytes(before, tensor), Bytes(same, same[tensor.Name])));
    }

    [Fact]
    public void A_weight_that_is_no_number_ends_it_and_leaves_no_file()
    {
        string source = _folder["bad.gguf"];
        byte[] bytes = File.ReadAllBytes(Fixtures.TestData("models", "tiny", "llama-gqa.gguf"));
        using (GgufFile good = GgufFile.Open(Fixtures.TestData("models", "tiny", "llama-gqa.gguf")))
        {
            GgufTensor tensor = good["blk.1.ffn_up.weight"];
            BitConverter.GetBytes(float.NaN).CopyTo(bytes, (int)tensor.Offset + 400);
        }

        File.WriteAllBytes(source, bytes);
        string target = _folder["out.gguf"];
        ModelFormatException exception =
            Assert.Throws<ModelFormatException>(() => Quantise(source, "Q8_0", target: target));
        Assert.Contains("blk.1.ffn_up.weight", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(target));
        Assert.DoesNotContain(
            Directory.GetFiles(Path.GetDirectoryName(target)!), file => Path.GetFileName(file).StartsWith('.'));
    }

    [Fact]
    public void Mixes_choose_as_llama_cpp_does()
    {
        MixPlace values = new("attn_v", IsOutput: false, Layer: 0, LayerCount: 22, HeadsPerKvHead: 8, ExpertCount: 0);

        // Of 22 layers: 0 and 1, then every third from 4 on, and from 19 on all.
        int[] more = [.. Enumerable.Range(0, 22).Where(i => Of("Q4_K_M", values with { Layer = i }) == "Q6_K")];
        Assert.Equal([0, 1, 4, 7, 10, 13, 16, 19, 20, 21], more);
        Assert.Equal("Q4_K", Of("Q2_K", values));
        Assert.Equal("Q3_K", Of("Q2_K", values with { HeadsPerKvHead = 1 }));
        Assert.Equal("Q8_0", Of("Q4_K_M", values with { ExpertCount = 8 }));
        Assert.Equal("Q6_K", Of("q4_0", values with { IsOutput = true }));
        Assert.Equal("Q8_0", Of("Q8_0", values with { IsOutput = true }));
        Assert.Equal("Q5_0", QuantMixes.Find("Q4_K_M")!.FormatOf(values with { Layer = 2 }, false, 96).Name);
        Assert.Equal("F16", QuantMixes.Find("Q4_K_M")!.FormatOf(values, false, 33).Name);
        foreach (string name in (string[])["Q3_K", "Q4_K", "Q5_K"])
        {
            Assert.Same(QuantMixes.Find(name + "_M"), QuantMixes.Find(name));
        }
    }

    // Read off llama.cpp's llama_tensor_get_type_impl (src/llama-quant.cpp, commit 007dbbf3) for 32 layers, at layer 0,
    // at layer 6, which takes more bits, and at layer 5, which does not; without and with an importance matrix.
    [Theory]
    [InlineData("Q2_K_S", "attn_v", 8, 0, "Q4_K Q4_K Q4_K", "Q4_K Q4_K Q4_K")]
    [InlineData("Q2_K_S", "attn_v", 2, 0, "Q2_K Q2_K Q2_K", "Q2_K Q2_K Q2_K")]
    [InlineData("Q2_K_S", "ffn_down", 8, 0, "Q4_K Q2_K Q2_K", "Q4_K Q2_K Q2_K")]
    [InlineData("Q2_K_S", "attn_output", 8, 8, "Q2_K Q2_K Q2_K", "Q2_K Q2_K Q2_K")]
    [InlineData("Q2_K", "attn_qkv", 1, 0, "Q3_K Q3_K Q3_K", "Q3_K Q3_K Q3_K")]
    [InlineData("Q3_K_S", "attn_qkv", 1, 0, "Q3_K Q3_K Q3_K", "Q3_K Q3_K Q3_K")]
    [InlineData("Q3_K_M", "attn_qkv", 1, 0, "Q5_K Q4_K Q4_K", "Q5_K Q4_K Q4_K")]
    [InlineData("Q3_K_M", "ffn_down", 1, 0, "Q5_K Q4_K Q4_K", "Q5_K Q4_K Q4_K")]
    [InlineData("Q3_K_L", "attn_qkv", 1, 0, "Q5_K Q5_K Q5_K", "Q5_K Q5_K Q5_K")]
    [InlineData("Q3_K_L", "attn_output", 8, 0, "Q5_K Q5_K Q5_K", "Q5_K Q5_K Q5_K")]
    [InlineData("Q3_K_L", "attn_output", 8, 8, "Q3_K Q3_K Q3_K", "Q3_K Q3_K Q3_K")]
    [InlineData("Q3_K_M", "attn_output", 8, 8, "Q5_K Q5_K Q5_K", "Q5_K Q5_K Q5_K")]
    [InlineData("Q4_K_S", "attn_qkv", 1, 0, "Q5_K Q4_K Q4_K", "Q5_K Q4_K Q4_K")]
    [InlineData("Q4_K_M", "attn_qkv", 1, 0, "Q6_K Q6_K Q4_K", "Q6_K Q6_K Q4_K")]
    [InlineData("Q5_K_M", "attn_qkv", 1, 0, "Q6_K Q6_K Q5_K", "Q6_K Q6_K Q5_K")]
    [InlineData("Q4_K_M", "attn_qkv", 1, 8, "Q8_0 Q8_0 Q8_0", "Q8_0 Q8_0 Q8_0")]
    [InlineData("Q4_0", "ffn_down", 1, 0, "Q4_0 Q4_0 Q4_0", "Q4_1 Q4_0 Q4_0")]
    [InlineData("Q5_0", "ffn_down", 1, 0, "Q5_0 Q5_0 Q5_0", "Q5_1 Q5_0 Q5_0")]
    [InlineData("Q4_1", "ffn_down", 1, 0, "Q4_1 Q4_1 Q4_1", "Q4_1 Q4_1 Q4_1")]
    public void Each_matrix_gets_the_format_that_llama_cpp_gives_it(
        string mix, string module, int headsPerKvHead, int experts, string without, string with)
    {
        foreach ((string expected, bool hasImportance) in ((string, bool)[])[(without, false), (with, true)])
        {
            Assert.Equal(expected, string.Join(' ', ((int[])[0, 6, 5]).Select(layer => Of(
                mix,
                new MixPlace(module, IsOutput: false, layer, 32, headsPerKvHead, experts)
                {
                    HasImportance = hasImportance,
                }))));
        }
    }

    [Fact]
    public void Importance_is_the_mean_square_of_what_a_matrix_is_multiplied_with()
    {
        string source = Fixtures.TestData("models", "tiny", "llama-gqa.gguf");
        using LanguageModel model = LanguageModel.Load(source, new ModelOptions { ThreadCount = 1 });
        ColumnImportance importance = ColumnImportance.Measure(model, [[1, 300, 17, 259, 301, 33, 72, 105]]);
        float[] queries = importance.Of("blk.0.attn_q.weight", 0, 64).ToArray();
        Assert.Equal(64, queries.Length);
        Assert.All(queries, mean => Assert.True(mean > 0));

        // An RMS norm's output has mean square near that of its weights, which are about 1 here.
        Assert.InRange(queries.Average(), 0.5, 2);
        Assert.Equal(queries, importance.Of("blk.0.attn_k.weight", 0, 64).ToArray());
        Assert.Equal(64, importance.Of("output.weight", 0, 64).Length);
        Assert.True(importance.Of("token_embd.weight", 0, 64).IsEmpty);
        Assert.True(importance.Of("no such tensor.weight", 0, 64).IsEmpty);
        Assert.Null(model.Decoder.Workspace.InputObserver);
    }

    private static string Of(string mix, MixPlace place) =>
        QuantMixes.Find(mix)!.FormatOf(place, isPure: false, 2048).Name;

    private static string Shared(string format) => Fixtures.Shared("models", "quant", $"llama-gqa-{format}.gguf");

    private string Quantise(string path, string mix, bool isPure = true, int threads = 2, string? target = null)
    {
        target ??= _folder[$"{Path.GetRandomFileName()}.gguf"];
        using GgufSource source = GgufSource.Open(path);
        QuantisingPlan plan = QuantisingPlan.Of(source, source.ReadConfig(), QuantMixes.Find(mix)!, isPure);
        FileOrigin origin = new([new OriginSource("source", "a hash")], null, "chaku quantize", "0");
        using ComputePool pool = new(threads);
        new ModelQuantiser(source, plan, importance: null).Write(
            target, origin, pool, null, TestContext.Current.CancellationToken);
        return target;
    }

    private static byte[] Bytes(GgufFile file, GgufTensor tensor) =>
        file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray();

    private static float[] Singles(GgufFile file, GgufTensor tensor)
    {
        float[] weights = new float[tensor.ElementCount];
        tensor.Format.Dequantise(Bytes(file, tensor), weights);
        return weights;
    }
}
