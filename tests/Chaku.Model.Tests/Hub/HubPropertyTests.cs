using Chaku.Model.Hub;
using Chaku.Tests;

namespace Chaku.Model.Tests.Hub;

/// <summary>Whatever a server does, a blob has the right hash or is not there.</summary>
public sealed class HubPropertyTests : HubSuite
{
    private const int Seed = 777;
    private const int Length = 40_000;

    [Fact]
    public async Task A_random_server_gives_the_right_file_or_an_error()
    {
        Random seeds = new(Seed);
        byte[] content = Bytes(Length);
        int successes = 0;
        int refusals = 0;
        for (int run = 0; run < 60; run++)
        {
            int seed = seeds.Next();
            HubServerModel model = Server.Add(new HubServerModel(Id)
                .With(GgufName, content)
                .With("README.md", $"{seed}"));
            Random random = new(seed);
            double badness = random.NextDouble();
            Server.Fault = _ => Misdeed(random, badness);
            try
            {
                HubPull pull = await Pull(settings: Settings with
                {
                    LargeByteLength = 10_000,
                    NoteByteLength = 1000,
                    ProgressByteLength = 5000,
                    StallTime = TimeSpan.FromMilliseconds(50),
                });
                Assert.True(
                    model.Files[GgufName].AsSpan().SequenceEqual(File.ReadAllBytes(pull.ResultPath)), $"seed {seed}");
                successes++;
            }
            catch (HubException)
            {
                refusals++;
            }

            AssertBlobsAreRight(model);
            RemoveBlobs();
        }

        Assert.True(successes > 5 && refusals > 5, $"seed {Seed}: {successes} successes, {refusals} refusals");
    }

    // What is unfinished stays, so that the next pull meets what another left.
    private void RemoveBlobs()
    {
        string folder = Path.Combine(Cache.Folder, "models--acme--tiny", "blobs");
        foreach (string file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            if (!file.EndsWith(".incomplete", StringComparison.Ordinal))
            {
                File.Delete(file);
            }
        }
    }

    private static HubServerFault? Misdeed(Random random, double badness)
    {
        lock (random)
        {
            return random.NextDouble() > badness
                ? null
                : random.Next(12) switch
                {
                    0 or 1 or 2 => new HubServerFault { CutAfter = random.Next(Length / 3) },
                    3 => new HubServerFault { FlipAt = random.Next(Length / 3) },
                    4 => new HubServerFault { Status = 500 },
                    5 => new HubServerFault { Status = 429, Headers = ["Retry-After: 3"] },
                    6 => new HubServerFault { IgnoresRange = true },
                    7 => new HubServerFault { Headers = [$"Content-Range: bytes 0-{random.Next(Length)}/{Length}"] },
                    8 => new HubServerFault { CutAfter = random.Next(1000), Stalls = random.Next(4) == 0 },
                    9 => new HubServerFault { Body = new byte[random.Next(Length)] },
                    10 => new HubServerFault { Headers = ["Content-Length: 5"] },
                    _ => new HubServerFault { IsEndless = true },
                };
        }
    }
}
