using Chaku.Model;
using Chaku.Training.Datasets;

namespace Chaku.Training.Pretraining;

/// <summary>Training from scratch: a description and data in, a model out.</summary>
/// <remarks>
/// It makes a vocabulary and a model of random weights, and then it is a <see cref="Tuning"/> of all weights.
/// </remarks>
internal static class NewModelTraining
{
    /// <summary>The usual learning rate of a small model that begins with random weights.</summary>
    public const double LearningRate = 1e-3;

    /// <summary>Trains a new model and writes it as a GGUF file in F32.</summary>
    /// <param name="configPath">The description, as <see cref="NewModelConfig"/> reads it.</param>
    /// <param name="dataPath">The data set.</param>
    /// <param name="outputPath">The file; one that is there already stays until the new one is complete.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="threadCount">Threads.</param>
    /// <param name="progress">Who is told; null for nobody.</param>
    /// <param name="cancellation">Ends the run after the current step; what was learnt until then is written.</param>
    /// <exception cref="ModelFormatException">The description is none.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <remarks>What else is thrown, <see cref="Tuning"/> says.</remarks>
    public static TuneReport Run(
        string configPath,
        string dataPath,
        string outputPath,
        TuneOptions options,
        int threadCount,
        TuneProgress? progress = null,
        CancellationToken cancellation = default)
    {
        NewModelConfig config = NewModelConfig.Read(configPath);
        Dataset dataset = Dataset.Read(dataPath, options.Format);
        string start = outputPath + ".start";
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(outputPath))!);
        NewModel.Write(start, config, NewVocabulary.Learn(config, dataset.Records), options.Seed);
        using (LanguageModel model = LanguageModel.Load(
            start, new ModelOptions { ThreadCount = threadCount, HoldsSingles = true, Repack = false }))
        {
            return Tuning.Run(model, dataPath, outputPath, options with { IsFull = true }, progress, cancellation);
        }
    }
}
