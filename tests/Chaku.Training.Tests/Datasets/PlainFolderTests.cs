using System.Security.Cryptography;
using System.Text;
using Chaku.Model.Licenses;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

/// <summary>A folder of texts, and what identifies a data set.</summary>
public sealed class PlainFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chaku-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Texts_are_read_in_the_order_of_their_paths()
    {
        Write("b.txt", "second");
        Write("a/z.md", "first");
        Write("c.TXT", "third");
        Write("picture.png", "not a text");
        Write(".hidden.txt", "not seen");
        Write("README.md", "---\nlicense: mit\n---\n");
        Write("LICENSE.txt", "not data");

        Dataset dataset = Dataset.Read(_folder.FullName);

        Assert.Equal(
            [new TextRecord("a/z.md", "first"), new TextRecord("b.txt", "second"), new TextRecord("c.TXT", "third")],
            dataset.Records);
        Assert.Equal("text", dataset.Format.Name);
        Assert.Equal(new StatedLicense("mit", "README.md"), DatasetLicense.Find(dataset, null));
        Assert.Equal(
            Sha256($"{Sha256("first")}  a/z.md\n{Sha256("second")}  b.txt\n{Sha256("third")}  c.TXT\n"),
            DatasetHash.Compute(_folder.FullName));
    }

    [Fact]
    public void Each_text_of_several_is_a_sequence_of_its_own_and_the_last_are_held_out()
    {
        Write("a.txt", "aaaa");
        Write("b.txt", "bb");
        Write("c.txt", "c");

        TrainingData data = DatasetEncoder.Encode(
            Dataset.Read(_folder.FullName), SampleData.Tokenizer(), null, 100, new DataUse { ValidationShare = 0.3 },
            cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(["a.txt", "b.txt"], data.Training.Sequences.Select(sequence => sequence.Place));
        Assert.Equal("c.txt", Assert.Single(data.Validation.Sequences).Place);
    }

    [Fact]
    public void Records_beside_texts_and_folders_without_text_are_refused()
    {
        Assert.Contains("found none with .txt, .md", Refusal(), StringComparison.Ordinal);
        Write("a.txt", "text");
        Write("data/train.parquet", "PAR1");
        Assert.Contains("found data/train.parquet", Refusal().Replace('\\', '/'), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_is_no_utf_8_is_named()
    {
        File.WriteAllBytes(Path.Combine(_folder.FullName, "a.txt"), [0x0A, 0xFF]);
        Assert.EndsWith("a.txt, line 2: expected UTF-8", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("README.md", "---\nlicense: cc-by-sa-3.0\ntags: [a]\n---\n# x", "cc-by-sa-3.0")]
    [InlineData("README.md", "---\r\ntask: x\r\nlicense:\r\n- mit\r\n- 'apache-2.0'\r\n---\r\n", "mit, apache-2.0")]
    [InlineData("README.md", "---\nlicense: [mit]\n---\n", "mit")]
    [InlineData("README.md", "# Title\nlicense: mit\n", null)]
    [InlineData("README.md", "---\nlicense: mit\nno end", null)]
    [InlineData("README.md", "", null)]
    [InlineData("LICENSE", "\n   Apache License\n   Version 2.0\n", "Apache License")]
    [InlineData("LICENSE.md", "# MIT License\n", "MIT License")]
    public void A_licence_is_read_beside_the_file(string name, string content, string? license)
    {
        Write("data.txt", "text");
        Write(name, content);
        Dataset dataset = Dataset.Read(Path.Combine(_folder.FullName, "data.txt"));

        Assert.Equal(license, DatasetLicense.Find(dataset, null)?.Name);
        Assert.Equal(new StatedLicense("cc0", "as you state it"), DatasetLicense.Find(dataset, " cc0 "));
        Assert.Equal(
            new StatedLicense("own", "data.txt"), DatasetLicense.Find(dataset with { License = "own" }, null));
        Assert.Equal(Sha256("text"), DatasetHash.Compute(dataset.Path));
    }

    private static string Sha256(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private string Refusal() => Assert.Throws<DatasetException>(() => Dataset.Read(_folder.FullName)).Message;

    private void Write(string name, string content)
    {
        string path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
