using System.Diagnostics;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Families;

/// <summary>Models of every family with a byte of their header changed: refused, or run.</summary>
public sealed class HostileModelTests
{
    private const int Seed = 20261123;
    private const int RoundCount = 60;

    public static TheoryData<string> Files() =>
        [.. from name in TestModels.Files where name.StartsWith("families/", StringComparison.Ordinal) select name];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_model_with_a_flipped_byte_is_refused_or_runs(string name)
    {
        using TemporaryFolder folder = new();
        string source = TestModels.PathOf(name + ".gguf");
        byte[] whole = File.ReadAllBytes(source);
        long headerLength;
        using (GgufFile file = GgufFile.Open(source))
        {
            headerLength = file.Tensors.Min(tensor => tensor.Offset);
        }

        Random random = new(Seed);
        for (int round = 0; round < RoundCount; round++)
        {
            int position = random.Next((int)headerLength);
            byte before = whole[position];
            whole[position] ^= (byte)(1 << random.Next(8));
            string path = folder.Write("flipped.gguf", whole);
            string place = $"byte {position} = {whole[position]}, seed {Seed}";
            long started = Stopwatch.GetTimestamp();
            try
            {
                Run(path);
            }
            catch (Exception exception) when (exception is ModelFormatException or ContextOverflowException)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
            catch (Exception exception)
            {
                Assert.Fail($"{place}: {exception}");
            }

            Assert.True(Stopwatch.GetElapsedTime(started).TotalSeconds < 5, place);
            whole[position] = before;
        }
    }

    private static void Run(string path)
    {
        using LanguageModel model = LanguageModel.Load(path, new ModelOptions { ThreadCount = 1 });
        using KvCache cache = model.Decoder.CreateCache(64);
        using KvSequence sequence = cache.Open();
        Batch batch = new();
        model.Prefill(batch, sequence, [1, 2, 3], OutputRows.Last);
        float[] logits = new float[model.Decoder.Config.VocabularySize];
        model.Decoder.Logits(batch, 0, 1, logits);
    }
}
