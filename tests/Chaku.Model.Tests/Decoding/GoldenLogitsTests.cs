using System.Runtime.InteropServices;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Decoding;

public sealed class GoldenLogitsTests
{
    private const int PrefillLength = 16;

    private static readonly int[] Tokens =
        [1, 300, 17, 259, 301, 33, 72, 105, 260, 261, 262, 90, 44, 310, 7, 8, 9, 300, 300, 17, 299, 263];

    [Theory]
    [InlineData("llama-gqa")]
    [InlineData("llama-mqa-tied")]
    [InlineData("llama3-ropefreqs")]
    public void Prefill_and_decode_give_the_golden_logits(string name)
    {
        string path = Fixtures.TestData("models", "tiny", name + ".gguf");
        float[] expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.ChangeExtension(path, ".logits"))).ToArray();
        float[] actual = Logits(path);

        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(MathF.Abs(pair.First - pair.Second), 0, 2e-4f));
    }

    private static float[] Logits(string path)
    {
        using LanguageModel model = LanguageModel.Load(path, new ModelOptions { ThreadCount = 2 });
        using KvCache cache = model.CreateCache();
        using KvSequence sequence = cache.Open();
        Batch batch = new();
        int width = model.Decoder.Config.VocabularySize;
        float[] logits = new float[Tokens.Length * width];
        model.Prefill(batch, sequence, Tokens.AsSpan(0, PrefillLength), OutputRows.All);
        model.Decoder.Logits(batch, 0, PrefillLength, logits.AsSpan(0, PrefillLength * width));
        for (int token = PrefillLength; token < Tokens.Length; token++)
        {
            model.Prefill(batch, sequence, Tokens.AsSpan(token, 1), OutputRows.Last);
            model.Decoder.Logits(batch, 0, 1, logits.AsSpan(token * width, width));
        }

        return logits;
    }
}
