using System.CommandLine;
using System.Globalization;
using Chaku.Cli.Options;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Scoring;

namespace Chaku.Cli.Commands;

/// <summary>Measures how well a model predicts a text.</summary>
internal sealed class PerplexityCommand : ProgramCommand
{
    private readonly ModelArguments _model;
    private readonly Argument<string> _file = new("TEXTFILE") { Description = "The text, in UTF-8." };
    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public PerplexityCommand()
        : base(
            "perplexity",
            "Measures how well the model predicts a text: windows of the context that do not overlap, BOS first " +
            "where the vocabulary asks for it, every token after it scored.")
    {
        _model = new ModelArguments(this);
        Add(_file);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku perplexity model.gguf text.txt",
        "chaku perplexity model.gguf text.txt --adapter my-adapter --context 128 --json",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        string text = TextFile.Read(arguments.GetRequiredValue(_file));
        using LanguageModel model = _model.Load(arguments, terminal);
        BoundAdapter? adapter = _model.LoadAdapter(arguments, model, terminal).Bound;
        PerplexityScore score;
        using (ProgressReport progress = terminal.Progress("scoring"))
        {
            score = Perplexity.Score(model, text, adapter, progress.Report, terminal.Cancellation);
        }

        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, json =>
            {
                json.WriteFinite("log_likelihood", score.LogLikelihood);
                json.WriteNumber("token_count", score.TokenCount);
                json.WriteFinite("perplexity", score.Perplexity);
            });
            return ExitCodes.Success;
        }

        terminal.Output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"log-likelihood  {score.LogLikelihood:R}"));
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"tokens          {score.TokenCount}"));
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"perplexity      {score.Perplexity:R}"));
        return ExitCodes.Success;
    }
}
