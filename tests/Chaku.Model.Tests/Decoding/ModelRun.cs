using System.Runtime.InteropServices;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Model.Tests.Decoding;

/// <summary>What every golden of logits was made with: its tokens, and a run of the decoder over them.</summary>
internal static class ModelRun
{
    /// <summary>The tokens, no BOS added.</summary>
    public static readonly int[] Tokens =
        [1, 300, 17, 259, 301, 33, 72, 105, 260, 261, 262, 90, 44, 310, 7, 8, 9, 300, 300, 17, 299, 263];

    /// <summary>Logits of all tokens: the first in one prefill, the others one by one.</summary>
    public static float[] Logits(string path, ModelOptions options, int prefillLength = 16)
    {
        using LanguageModel model = LanguageModel.Load(path, options);
        using KvCache cache = model.CreateCache();
        using KvSequence sequence = cache.Open();
        Batch batch = new();
        int width = model.Decoder.Config.VocabularySize;
        float[] logits = new float[Tokens.Length * width];
        model.Prefill(batch, sequence, Tokens.AsSpan(0, prefillLength), OutputRows.All, ReadChunk);
        for (int token = prefillLength; token < Tokens.Length; token++)
        {
            model.Prefill(batch, sequence, Tokens.AsSpan(token, 1), OutputRows.Last);
            model.Decoder.Logits(batch, 0, 1, logits.AsSpan(token * width, width));
        }

        return logits;

        void ReadChunk(int first, int length) =>
            model.Decoder.Logits(batch, 0, length, logits.AsSpan(first * width, length * width));
    }

    /// <summary>Little-endian float32.</summary>
    public static float[] Read(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();

    /// <summary>A tensor of a safetensors file.</summary>
    public static float[] ReadTensor(string path, string name)
    {
        using TensorFile file = TensorFile.Open(path);
        return file.Singles(file[name]);
    }

    /// <summary>The largest difference.</summary>
    public static float LargestDifference(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return expected.Zip(actual).Max(pair => MathF.Abs(pair.First - pair.Second));
    }

    /// <summary>The root of the mean square difference.</summary>
    public static double RmsDifference(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return Math.Sqrt(expected.Zip(actual).Average(pair => Math.Pow(pair.First - pair.Second, 2)));
    }
}
