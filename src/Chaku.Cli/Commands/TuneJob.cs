using System.CommandLine;
using System.Globalization;
using Chaku.Cli.Options;
using Chaku.Cli.Reports;
using Chaku.Model;
using Chaku.Training;
using Chaku.Training.Estimation;
using Chaku.Training.Runs;

namespace Chaku.Cli.Commands;

/// <summary>A tuning run as commands do it: with a log on the way, and a record of it beside what it wrote.</summary>
internal static class TuneJob
{
    /// <summary>Loads what is trained, as it is served, and says what there is to know of it.</summary>
    /// <param name="terminal">Where it is said.</param>
    /// <param name="path">The model.</param>
    /// <param name="threads">Threads; null for one for each processor.</param>
    /// <param name="options">How it will be trained.</param>
    /// <exception cref="TrainingException">All its weights are to be trained, and the memory is too small.</exception>
    public static LanguageModel Load(Terminal terminal, string path, int? threads, TuneOptions options)
    {
        TuningEstimate.RequireWholeFits(path, options);
        LanguageModel model = LanguageModel.Load(path, new ModelOptions
        {
            ThreadCount = threads ?? new ModelOptions().ThreadCount,
            ContextLength = options.ContextLength,
            Repack = false,
            HoldsSingles = options.IsFull,
        });
        foreach (string notice in model.Notices)
        {
            terminal.Warn(notice);
        }

        return model;
    }

    /// <summary>Reads the options, with a recipe's where one is asked for, and says what it sets.</summary>
    /// <param name="terminal">Where it is said.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="table">Its options.</param>
    /// <param name="template">The chat template that is named there.</param>
    /// <param name="model">What is trained.</param>
    /// <param name="defaults">What holds without a recipe; null for the defaults.</param>
    /// <exception cref="UsageException">There is no such recipe.</exception>
    /// <exception cref="TrainingException">It was not published for what is trained.</exception>
    public static TuneOptions ReadOptions(
        Terminal terminal,
        ParseResult arguments,
        TuneArguments table,
        string? template,
        LanguageModel model,
        TuneOptions? defaults = null)
    {
        if (table.Recipe(arguments) is not { } recipe)
        {
            return table.Read(arguments, template, defaults);
        }

        RecipeFit fit = recipe.FitTo(model, table.IsFull(arguments));
        TuneOptions options = table.Read(arguments, template, fit.Options);
        RecipeReport.Print(terminal, recipe, fit, options);
        return options;
    }

    /// <summary>Tunes.</summary>
    /// <param name="terminal">Shows how it goes.</param>
    /// <param name="model">The base.</param>
    /// <param name="data">The data set.</param>
    /// <param name="output">The adapter's folder, or the model's file.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="resumes">Whether a run that was broken off goes on.</param>
    /// <returns>The record, which is written; null where the result was there already.</returns>
    /// <remarks>What is thrown, <see cref="Tuning"/> says.</remarks>
    public static RunRecord? Run(
        Terminal terminal, LanguageModel model, string data, string output, TuneOptions options, bool resumes)
    {
        RunRecorder recorder = new(options, data, output);
        TuneReport? report;
        try
        {
            using TuneLog log = new(terminal, options);
            TuneProgress progress = recorder.Join(log.Progress);
            report = resumes
                ? Tuning.Resume(model, data, output, options, progress, terminal.Cancellation)
                : Tuning.Run(model, data, output, options, progress, terminal.Cancellation);
        }
        catch (DivergedException exception) when (exception.Report.KeptStep > 0)
        {
            recorder.Finish(exception.Report, DateTimeOffset.UtcNow).Write();
            throw;
        }

        RunRecord? record = report is null ? null : recorder.Finish(report, DateTimeOffset.UtcNow);
        record?.Write();
        return record;
    }

    /// <summary>Says what came of it.</summary>
    /// <returns>An entry of <see cref="ExitCodes"/>.</returns>
    public static int Say(Terminal terminal, string output, TuneOptions options, RunRecord? record, bool isJson)
    {
        if (record is null)
        {
            SayComplete(terminal, output, options, isJson);
            return ExitCodes.Success;
        }

        if (isJson)
        {
            JsonOutput.WriteObject(terminal.Output, json => TuneOutcome.WriteFields(json, record));
        }
        else
        {
            TuneOutcome.Print(terminal.Output, record);
        }

        return EndOf(terminal, output, record.Report);
    }

    /// <summary>Warns of a run that was stopped.</summary>
    /// <returns>An entry of <see cref="ExitCodes"/>.</returns>
    public static int EndOf(Terminal terminal, string output, TuneReport report)
    {
        if (report.End != RunEnd.Cancelled)
        {
            return ExitCodes.Success;
        }

        string kept = report.KeptStep == report.StepsDone
            ? "what was learnt until then"
            : $"the best that was measured, behind step {report.KeptStep}";
        terminal.Warn(string.Create(
            CultureInfo.InvariantCulture,
            $"stopped after {report.StepsDone} of {report.Plan.StepCount} steps; " +
            $"{output} has {kept}, and --resume goes on"));
        return ExitCodes.Cancelled;
    }

    private static void SayComplete(Terminal terminal, string output, TuneOptions options, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.WriteObject(terminal.Output, json => TuneOutcome.WriteComplete(json, output, options.IsFull));
        }
        else
        {
            terminal.Output.WriteLine($"{output} is complete: this run wrote it before, and nothing was done");
        }
    }
}
