using Chaku.Training;

namespace Chaku.Cli.Own;

/// <summary>The project's own small model and its data sets, which the program carries.</summary>
internal static class OwnModel
{
    /// <summary>What it is called on a command line.</summary>
    public const string Name = "chaku-tiny";

    /// <summary>The terms of the data, which this project made.</summary>
    public const string License = "apache-2.0";

    /// <summary>The model.</summary>
    public static EmbeddedFile File { get; } = new("chaku-tiny.gguf");

    /// <summary>The data of a skill that the model lacks.</summary>
    public static EmbeddedFile Skill { get; } = new("skill.jsonl");

    /// <summary>Questions of that skill, about passages that nobody learnt from.</summary>
    public static EmbeddedFile SkillTest { get; } = new("skill-test.jsonl");

    /// <summary>Questions that the model can answer, about passages that nobody learnt from.</summary>
    public static EmbeddedFile KnownTest { get; } = new("known-test.jsonl");

    /// <summary>How the skill is learnt where nobody says otherwise.</summary>
    public static TuneOptions SkillOptionsFor(bool isFull) => new()
    {
        IsFull = isFull,
        Rank = 32,
        LearningRate = isFull ? 5e-4 : 2e-3,
        BatchSize = 1,
        Steps = 1600,
    };
}
