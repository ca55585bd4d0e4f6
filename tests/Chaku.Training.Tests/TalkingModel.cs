using Chaku.Model;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Training.Tests;

/// <summary>
/// A model of random weights with a vocabulary of bytes, in a folder of its own that is removed at the end.
/// </summary>
internal sealed class TalkingModel : IDisposable
{
    private const int VocabularySize = 384;

    private static readonly string[] Marks = ["<unk>", "<s>", "</s>"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chaku-test");

    /// <summary>Copies the tensors of a model of the test data, and adds the vocabulary.</summary>
    public TalkingModel(string source = "tiny/llama-gqa.gguf")
    {
        Path = InFolder("model.gguf");
        using GgufFile file = GgufFile.Open(
            Fixtures.TestData("models", source.Replace('/', System.IO.Path.DirectorySeparatorChar)));
        Metadata metadata = new(Path);
        foreach (MetadataValue value in file.Metadata)
        {
            if (!value.Key.StartsWith("tokenizer.", StringComparison.Ordinal))
            {
                metadata.TryAdd(value);
            }
        }

        AddVocabulary(metadata);
        TensorSource[] tensors =
        [
            .. file.Tensors.Select(tensor => TensorSource.FromBytes(
                tensor.Name,
                tensor.Format,
                tensor.Dimensions,
                file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray())),
        ];
        GgufWriter.Write(Path, metadata, tensors);
    }

    /// <summary>The model's file.</summary>
    public string Path { get; }

    /// <summary>A path in the folder.</summary>
    public string InFolder(string name) => System.IO.Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file in the folder.</summary>
    public string Write(string name, string content)
    {
        File.WriteAllText(InFolder(name), content);
        return InFolder(name);
    }

    /// <summary>Loads the model.</summary>
    public LanguageModel Load(int threadCount = 2) =>
        LanguageModel.Load(Path, new ModelOptions { ThreadCount = threadCount, Repack = false });

    public void Dispose() => _folder.Delete(recursive: true);

    private static void AddVocabulary(Metadata metadata)
    {
        string[] tokens = new string[VocabularySize];
        int[] types = new int[VocabularySize];
        for (int id = 0; id < VocabularySize; id++)
        {
            int value = id - Marks.Length;
            bool isByte = value is >= 0 and < 256;
            tokens[id] = id < Marks.Length ? Marks[id] : isByte ? $"<0x{value:X2}>" : $"unused{id}";
            types[id] = id switch
            {
                0 => 2,
                _ when id < Marks.Length => 3,
                _ => isByte ? 6 : 1,
            };
        }

        metadata.Add("tokenizer.ggml.model", "llama");
        metadata.Add("tokenizer.ggml.tokens", tokens);
        metadata.Add("tokenizer.ggml.scores", new float[VocabularySize]);
        metadata.Add("tokenizer.ggml.token_type", types);
        metadata.Add("tokenizer.ggml.bos_token_id", 1u);
        metadata.Add("tokenizer.ggml.eos_token_id", 2u);
    }
}
