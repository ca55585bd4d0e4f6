namespace Chaku.Training.Runs;

/// <summary>Where the files of a tuning run lie, beside what it trains.</summary>
/// <param name="Folder">The folder that holds them all, as a full path.</param>
/// <remarks>The files are described in docs/formats/run-folder.md.</remarks>
internal sealed record RunFiles(string Folder)
{
    private const string FullSuffix = ".run";

    /// <summary>What a run needs to go on; there only while it is not complete.</summary>
    public string Checkpoint => Path.Combine(Folder, "checkpoint.safetensors");

    /// <summary>A line for each step and each measurement.</summary>
    public string Log => Path.Combine(Folder, "log.jsonl");

    /// <summary>The loss over the steps, as a picture.</summary>
    public string Curve => Path.Combine(Folder, "loss.svg");

    /// <summary>What the run did and cost.</summary>
    public string Report => Path.Combine(Folder, "run.json");

    /// <summary>The model card.</summary>
    public string Card => Path.Combine(Folder, "README.md");

    /// <summary>A new model before its first step.</summary>
    public string Start => Path.Combine(Folder, "start.gguf");

    /// <summary>All that a run writes beside what it trains.</summary>
    public IReadOnlyList<string> All => [Checkpoint, Log, Curve, Report, Card];

    /// <summary>The files of a run.</summary>
    /// <param name="outputPath">What it trains: an adapter's folder, or a model's file.</param>
    /// <param name="isFull">
    /// Whether that is a model: a file cannot hold others, and the folder <c>NAME.run</c> beside <c>NAME.gguf</c> does.
    /// </param>
    public static RunFiles Of(string outputPath, bool isFull) => new(
        isFull
            ? Path.ChangeExtension(Path.GetFullPath(outputPath), FullSuffix)
            : Path.GetFullPath(outputPath));
}
