using Chaku.Model.Conversion;
using Chaku.Model.Families;
using Chaku.Model.Tests.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>What goes from one form to the other and back is what it was, for every family.</summary>
public sealed class RoundTripTests
{
    // Where a head's rows lie in another order, the same products are added in another order.
    private const float OrderTolerance = 1e-5f;

    // Folders of families or kinds that the clone has no GGUF file of, which a GGUF file can hold.
    private static readonly string[] OnlyFolders = ["gpt2", "gptj", "mistral-window", "phi3-window"];

    /// <summary>The clone's files.</summary>
    public static TheoryData<string> Files => [.. TestModels.Files];

    /// <summary>The shared files.</summary>
    public static TheoryData<string> SharedFiles => [.. TestModels.SharedFiles];

    /// <summary>The clone's folders without a file.</summary>
    public static TheoryData<string> Folders => [.. OnlyFolders];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_comes_back_from_a_folder(string name) => AssertComesBack(TestModels.PathOf(name + ".gguf"));

    [Theory]
    [MemberData(nameof(SharedFiles))]
    public void A_shared_file_comes_back_from_a_folder(string name) =>
        AssertComesBack(Fixtures.Shared("models", "tiny", name + ".gguf"));

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_without_a_file_becomes_one_that_comes_back(string name)
    {
        using TemporaryFolder folder = new();
        string source = TestModels.PathOf($"folders/{name}");

        Converted.Run(source, folder["made.gguf"]);

        AssertSameComputation(source, folder["made.gguf"]);
        AssertComesBack(folder["made.gguf"]);
    }

    [Fact]
    public void Every_family_is_tried()
    {
        HashSet<string> tried =
        [
            .. TestModels.Files.Select(name => ArchitectureOf(TestModels.PathOf(name + ".gguf"))),
            .. TestModels.SharedFiles.Select(name => ArchitectureOf(Fixtures.Shared("models", "tiny", name + ".gguf"))),
            .. OnlyFolders.Select(name => ArchitectureOf(TestModels.PathOf("folders/" + name))),
        ];

        Assert.All(
            ModelFamilies.All.SelectMany(family => family.Architectures),
            architecture => Assert.Contains(architecture, tried));
    }

    private static string ArchitectureOf(string path)
    {
        using ModelSource source = ModelSource.Open(path);
        return source.Family.Architectures[0];
    }

    private static void AssertComesBack(string file)
    {
        using TemporaryFolder folder = new();

        Converted.Run(file, folder["folder"]);
        Converted.Run(folder["folder"], folder["back.gguf"]);

        AssertSameComputation(file, folder["folder"]);
        AssertSameComputation(file, folder["back.gguf"]);
        Converted.AssertSameTensors(file, folder["back.gguf"]);
    }

    private static void AssertSameComputation(string expected, string actual)
    {
        bool isReordered;
        using (ModelSource one = ModelSource.Open(expected))
        using (ModelSource other = ModelSource.Open(actual))
        {
            Assert.Null(DecoderFacts.Difference(one.ReadConfig(), other.ReadConfig()));
            isReordered = one.Family.HasPairedRows && one.GetType() != other.GetType();
        }

        ModelOptions options = new() { ThreadCount = 2 };
        float[] logits = ModelRun.Logits(expected, options);
        float[] others = ModelRun.Logits(actual, options);
        if (isReordered)
        {
            Assert.InRange(ModelRun.LargestDifference(logits, others), 0, OrderTolerance);
        }
        else
        {
            Assert.Equal(logits, others);
        }
    }
}
