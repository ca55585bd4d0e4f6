using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Chaku.Model;
using Chaku.Model.Generation;
using Chaku.Model.Tokenizers;

namespace Chaku.Cli;

/// <summary>The fold over a generation's steps, and how long it took.</summary>
internal sealed class Answer
{
    private readonly StringBuilder _text = new();
    private readonly List<GenerationStep> _steps = [];
    private readonly int _promptLength;
    private readonly ulong _seed;
    private double _seconds;

    private Answer(int promptLength, ulong seed)
    {
        _promptLength = promptLength;
        _seed = seed;
    }

    /// <summary>The whole text.</summary>
    public string Text => _text.ToString();

    /// <summary>Runs a generation to its end.</summary>
    /// <param name="terminal">Shows how far the prompt is, where it takes long.</param>
    /// <param name="generator">The model.</param>
    /// <param name="prompt">The tokens before.</param>
    /// <param name="options">How tokens are picked, and when to stop.</param>
    /// <param name="onText">Gets each text as it comes.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public static Answer Generate(
        Terminal terminal,
        Generator generator,
        int[] prompt,
        GenerationOptions options,
        Action<string> onText,
        CancellationToken cancellation)
    {
        Answer answer = new(prompt.Length, options.Seed);
        using ProgressReport progress = terminal.Progress("reading the prompt");
        long start = Stopwatch.GetTimestamp();
        IEnumerable<GenerationStep> steps =
            generator.Run(prompt, options, (done, all) => progress.Report(done, all), cancellation);
        foreach (GenerationStep step in steps)
        {
            progress.Dispose();
            answer._steps.Add(step);
            answer._text.Append(step.Text);
            if (step.Text.Length > 0)
            {
                onText(step.Text);
            }
        }

        answer._seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return answer;
    }

    /// <summary>What a person may want to know about it, in a line.</summary>
    public string Summary() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_steps.Count} tokens in {_seconds:0.0} s, {_steps.Count / _seconds:0.0} per second; " +
        $"ended by {FinishWord()}; seed {_seed}");

    /// <summary>Writes the fields of the answer, and what loading the model took.</summary>
    public void WriteFields(Utf8JsonWriter json, LanguageModel model)
    {
        json.WriteString("text", Text);
        json.WriteString("finish_reason", FinishWord());
        json.WriteNumber("prompt_token_count", _promptLength);
        json.WriteNumber("token_count", _steps.Count);
        json.WriteNumbers("token_ids", _steps.Select(step => (long)step.Token));
        json.WriteNumber("seed", _seed);
        json.WriteNumber("seconds", Math.Round(_seconds, 3));
        if (_steps.Any(step => step.LogProbability is not null))
        {
            json.WriteStartArray("log_probabilities");
            foreach (GenerationStep step in _steps)
            {
                WriteLogProbabilities(json, model.Tokenizer, step);
            }

            json.WriteEndArray();
        }

        json.WriteNumber("repacked_bytes", model.RepackedByteLength);
        json.WriteNumber("repack_seconds", Math.Round(model.RepackSeconds, 3));
    }

    private static void WriteLogProbabilities(Utf8JsonWriter json, Tokenizer tokenizer, GenerationStep step)
    {
        json.WriteStartObject();
        WriteToken(json, tokenizer, new TokenProbability(step.Token, step.LogProbability ?? 0));
        json.WriteStartArray("top");
        foreach (TokenProbability other in step.TopLogProbabilities)
        {
            json.WriteStartObject();
            WriteToken(json, tokenizer, other);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, Tokenizer tokenizer, TokenProbability token)
    {
        json.WriteNumber("id", token.Token);
        json.WriteString("text", Encoding.UTF8.GetString(tokenizer.BytesOf(token.Token)));
        json.WriteFinite("log_probability", token.LogProbability);
    }

    private string FinishWord() => _steps[^1].FinishReason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => "context_full",
    };
}
