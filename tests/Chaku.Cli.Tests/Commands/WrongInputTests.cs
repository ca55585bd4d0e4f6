using System.Buffers.Binary;
using System.Text;

namespace Chaku.Cli.Tests.Commands;

/// <summary>Each is one clear line and a non-zero exit, and nothing is half-written.</summary>
public sealed class WrongInputTests : CommandSuite
{
    // Metadata and tensor table end before it.
    private const int HeaderByteLength = 10_000;

    private const int Seed = 20250;

    [Fact]
    public void A_truncated_model_is_refused()
    {
        byte[] model = File.ReadAllBytes(TinyModel);
        Random random = new(Seed);
        for (int cut = 0; cut < 20; cut++)
        {
            int length = random.Next(model.Length);
            File.WriteAllBytes(InFolder("cut.gguf"), model[..length]);
            Refusal(ExitCodes.Failure, Logits("cut.gguf"));
            Assert.False(File.Exists(InFolder("l.bin")), $"seed {Seed}, cut at {length}");
        }
    }

    [Fact]
    public void A_flipped_byte_in_the_header_is_refused_or_makes_no_difference()
    {
        byte[] model = File.ReadAllBytes(TinyModel);
        Random random = new(Seed);
        for (int flip = 0; flip < 30; flip++)
        {
            byte[] flipped = [.. model];
            int place = random.Next(HeaderByteLength);
            flipped[place] ^= (byte)random.Next(1, 256);
            File.WriteAllBytes(InFolder("flipped.gguf"), flipped);
            CommandResult result = Run(Logits("flipped.gguf"));
            bool isRefused = result.ExitCode == ExitCodes.Failure && result.Error.Count(letter => letter == '\n') == 1;
            Assert.True(isRefused || (result.ExitCode == ExitCodes.Success && result.Error == ""),
                $"seed {Seed}, flip at {place}: {result}");
            Assert.DoesNotContain("this is a bug", result.Error, StringComparison.Ordinal);
            Assert.Equal(isRefused, !File.Exists(InFolder("l.bin")));
            File.Delete(InFolder("l.bin"));
        }
    }

    [Fact]
    public void An_unknown_architecture_is_refused_by_name()
    {
        byte[] model = File.ReadAllBytes(TinyModel);
        int place = model.AsSpan().IndexOf("general.architecture"u8) + "general.architecture".Length + 4 + 8;
        "other"u8.CopyTo(model.AsSpan(place));
        File.WriteAllBytes(InFolder("other.gguf"), model);
        Assert.Contains("'other'", Refusal(ExitCodes.Failure, Logits("other.gguf")), StringComparison.Ordinal);
        Assert.Contains("other", Result("show", InFolder("other.gguf")), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_tensor_type_is_refused_by_number()
    {
        byte[] model = File.ReadAllBytes(TinyModel);
        int name = model.AsSpan().IndexOf("token_embd.weight"u8) + "token_embd.weight".Length;
        BinaryPrimitives.WriteInt32LittleEndian(model.AsSpan(name + sizeof(int) + (2 * sizeof(long))), 99);
        File.WriteAllBytes(InFolder("type.gguf"), model);
        Assert.Contains("99", Refusal(ExitCodes.Failure, Logits("type.gguf")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_refused_with_both_numbers()
    {
        Assert.Equal(
            "chaku: 6 tokens do not fit into the context of 4",
            Refusal(
                ExitCodes.Failure,
                ["logits", TinyModel, "--tokens", "1 2 3 4 5 6", "--out", InFolder("l"), "--context", "4"]));
        string line = Refusal(ExitCodes.Failure, "run", TinyModel, "a very long prompt indeed", "--context", "4");
        Assert.EndsWith("tokens do not fit into the context of 4", line, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
    }

    [Fact]
    public void A_token_outside_the_vocabulary_is_refused()
    {
        string line = Refusal(ExitCodes.Failure, "logits", TinyModel, "--tokens", "1 384", "--out", InFolder("l"));
        Assert.Equal("chaku: expected tokens from 0 to 383, got 384", line);
        string[] stopped = ["run", TinyModel, "a", "--stop-id", "400"];
        Assert.Contains("400", Refusal(ExitCodes.Failure, stopped), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_files_are_refused_by_name()
    {
        foreach (string[] arguments in (string[][])
        [
            ["run", "nowhere.gguf", "abc"],
            ["show", "nowhere.gguf"],
            ["tokenize", "nowhere.gguf", "abc"],
            ["convert", "nowhere.gguf", "-o", InFolder("converted")],
            ["perplexity", TinyModel, "nowhere.txt"],
            ["run", TinyModel, "abc", "--adapter", "nowhere"],
            ["tune", TinyModel, "nowhere.txt", "-o", InFolder("mine")],
        ])
        {
            Assert.Contains("nowhere", Refusal(ExitCodes.Failure, arguments), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Output_that_cannot_be_written_stays_as_it_is()
    {
        string kept = Write("kept.bin", "old");
        File.SetAttributes(kept, FileAttributes.ReadOnly);
        string[] logits = ["logits", TinyModel, "--tokens", "1", "--out"];
        Assert.Contains("read-only", Refusal(ExitCodes.Failure, [.. logits, kept]), StringComparison.Ordinal);
        Assert.Contains("folder", Refusal(ExitCodes.Failure, [.. logits, Folder]), StringComparison.Ordinal);
        Refusal(ExitCodes.Failure, [.. logits, InFolder("no/such/folder/l.bin")]);
        Assert.Equal("old", File.ReadAllText(kept));
        File.SetAttributes(kept, FileAttributes.Normal);
        Assert.Equal([kept], Directory.GetFileSystemEntries(Folder));
    }

    [Fact]
    public void More_threads_than_any_system_has_are_refused_with_both_numbers()
    {
        string[] arguments = ["run", TinyModel, "abc", "--max-tokens", "1", "--threads"];
        Assert.Equal(
            "chaku: the number of threads is from 1 to 1024, not 100000",
            Refusal(ExitCodes.Failure, [.. arguments, "100000"]));
        Assert.Equal(ExitCodes.Success, Run([.. arguments, "50"]).ExitCode);
    }

    // The file says it or the command line does; memory is taken as positions come.
    [Fact]
    public void A_context_of_any_length_takes_no_more_than_is_used()
    {
        string data = Write("data.txt", "the dog sat on the mat");
        byte[] model = File.ReadAllBytes(TinyModel);
        int value = model.AsSpan().IndexOf("llama.context_length"u8) + "llama.context_length".Length + sizeof(int);
        BinaryPrimitives.WriteInt32LittleEndian(model.AsSpan(value), int.MaxValue);
        string longest = InFolder("longest.gguf");
        File.WriteAllBytes(longest, model);

        Assert.Equal(
            Result("run", TinyModel, "abc", "--temperature", "0", "--max-tokens", "4"),
            Result("run", longest, "abc", "--temperature", "0", "--max-tokens", "4"));
        Assert.Equal(Result("perplexity", TinyModel, data), Result("perplexity", longest, data));
        string[] tune = ["tune", longest, data, "-o", InFolder("mine"), "--steps", "1"];
        string[] most = ["--context", $"{int.MaxValue}", "--batch", $"{int.MaxValue}"];
        string refusal = Refusal(ExitCodes.Failure, [.. tune, .. most]);
        Assert.Contains("a batch has at most", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_file_is_no_model()
    {
        Write("text.gguf", new StringBuilder().Insert(0, "no model ", 100).ToString());
        Refusal(ExitCodes.Failure, "run", InFolder("text.gguf"), "abc");
        Refusal(ExitCodes.Failure, "show", Folder);
    }

    private string[] Logits(string model) =>
        ["logits", InFolder(model), "--tokens", "1 2 3", "--out", InFolder("l.bin"), "--threads", "1"];
}
