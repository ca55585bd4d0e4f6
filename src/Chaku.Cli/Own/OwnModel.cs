using Chaku.Training;

namespace Chaku.Cli.Own;

/// <summary>The project's own small model and its data sets, which the program carries.</summary>
internal static class OwnModel
{
    /// <summary>What it is called on a command line.</summary>
    public const string Name = "chaku-tiny";

    /// <summary>The model.</summary>
    public static EmbeddedFile File { get; } = new("chaku-tiny.gguf");

    /// <summary>How the skill is learnt where nobody says otherwise.</summary>
    public static TuneOptions SkillOptions { get; } = new()
    {
        Rank = 16,
        LearningRate = 2e-3,
        BatchSize = 4,
        Steps = 200,
        DataLicense = "apache-2.0",
    };

    /// <summary>The data of a skill that the model lacks.</summary>
    public static EmbeddedFile Skill { get; } = new("skill.jsonl");

    /// <summary>Questions of that skill, about passages that nobody learnt from.</summary>
    public static EmbeddedFile SkillTest { get; } = new("skill-test.jsonl");

    /// <summary>Questions that the model can answer, about passages that nobody learnt from.</summary>
    public static EmbeddedFile KnownTest { get; } = new("known-test.jsonl");
}
