using System.Diagnostics;
using Chaku.Kernels.Ops;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Tests;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests;

public sealed class ZExperiment
{
    [Fact]
    public void Run()
    {
        string env(string n, string d) => Environment.GetEnvironmentVariable(n) ?? d;
        int rank = int.Parse(env("RANK", "16")), batch = int.Parse(env("BATCH", "8")), ctx = int.Parse(env("CTX", "128"));
        int threads = int.Parse(env("THREADS", "2"));
        float alpha = float.Parse(env("ALPHA", "32")); double lr = double.Parse(env("LR", "5e-3")); long steps = long.Parse(env("STEPS", "300"));
        bool head = env("HEAD", "0") == "1";
        using LanguageModel model = LanguageModel.Load(Fixtures.Shared("models", "stories260K", "stories260K.gguf"), new ModelOptions { ThreadCount = threads });
        string text = File.ReadAllText(Fixtures.Shared("data", "tinyshakespeare.txt"));
        int[] ids = model.Tokenizer.Encode(text, false, false);
        int bos = 1;
        List<TrainingSequence> all = [];
        for (int i = 0; i + ctx - 1 <= ids.Length; i += ctx - 1)
        {
            int[] t = [bos, .. ids.AsSpan(i, ctx - 1)];
            bool[] tr = new bool[ctx]; Array.Fill(tr, true); tr[0] = false;
            all.Add(new TrainingSequence(t, tr));
        }
        int held = all.Count / 10;
        var val = all.TakeLast(held).ToList(); var train = all.SkipLast(held).ToList();
        Console.WriteLine($"{ids.Length} tokens, {all.Count} windows");
        Dictionary<string, LoraFactors> factors = [];
        foreach (Linear l in model.Decoder.Linears)
        {
            if (!head && l == model.Decoder.Head) continue;
            LoraFactors f = new(rank, l.InputSize, l.OutputSize, alpha / rank);
            for (int i = 0; i < f.AValues.Length; i++) f.AValues[i] = (float)((CounterRandom.Uniform(1, (ulong)l.Number, (ulong)i) * 2 - 1) / Math.Sqrt(l.InputSize));
            factors[l.Name] = f;
        }
        BoundAdapter adapter = model.Bind(new LoraAdapter(factors));
        using Trainer trainer = new(model.Decoder, adapter, new TrainingSettings { StepCount = steps, LearningRate = lr, WarmupCount = 10 }, batch * ctx, batch);
        Stopwatch w = Stopwatch.StartNew();
        Console.WriteLine($"before: {Math.Exp(trainer.Validate(val))} {w.Elapsed.TotalSeconds:F1}s");
        w.Restart();
        long tokens = 0;
        for (long s = 0; s < steps; s++)
        {
            var mb = Enumerable.Range(0, batch).Select(i => train[(int)(CounterRandom.Mix(7, (ulong)s, (ulong)i) % (ulong)train.Count)]).ToList();
            var r = trainer.Step([mb]);
            tokens += r.TokenCount;
            if (s % 50 == 49) Console.WriteLine($"{s + 1} loss {r.Loss:F3} norm {r.GradientNorm:F2} {w.Elapsed.TotalSeconds:F1}s {tokens / w.Elapsed.TotalSeconds:F0} tok/s");
        }
        Console.WriteLine($"after: {Math.Exp(trainer.Validate(val))}");
    }
}
