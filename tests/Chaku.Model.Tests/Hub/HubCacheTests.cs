using Chaku.Model.Families;
using Chaku.Model.Hub;
using Chaku.Model.Licenses;
using Chaku.Tests;

namespace Chaku.Model.Tests.Hub;

/// <summary>A cache that another program filled: it is made by hand, as its description says.</summary>
public sealed class HubCacheTests : IDisposable
{
    private const string Old = "1111111111111111111111111111111111111111";
    private const string New = "2222222222222222222222222222222222222222";

    private readonly TemporaryFolder _folder = new();

    private HubCache Cache => new(_folder["hub"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Models_that_others_fetched_are_found()
    {
        byte[] tiny = File.ReadAllBytes(TestModels.PathOf("tiny/llama-gqa.gguf"));
        Put("models--acme--tiny", New, "tiny.gguf", "blob1", tiny);
        Put("models--acme--tiny", New, "README.md", "blob2", "---\nlicense: cc-by-4.0\n---\n"u8);
        Ref("models--acme--tiny", "main", New);
        Ref("models--acme--tiny", "refs/pr/1", New);
        Put("models--acme--folder", Old, "config.json", "blob3", "{}"u8);
        Put("models--acme--folder", Old, "model.safetensors", "blob4", new byte[100]);
        Put("models--gpt2", Old, "config.json", "blob5", "{}"u8);
        Put("datasets--acme--data", Old, "data.json", "blob6", "{}"u8);
        Directory.CreateDirectory(_folder["hub/.locks/models--acme--tiny"]);

        IReadOnlyList<CachedModel> models = CachedModel.In(Cache);

        Assert.Equal(["acme/folder", "acme/tiny/tiny.gguf", "gpt2"], models.Select(model => model.Id));
        Assert.Equal(["safetensors", "gguf", "none"], models.Select(model => model.Format));
        Assert.Equal("cc-by-4.0", models[1].License?.Name);
        Assert.Equal(["main", "refs/pr/1"], models[1].Revisions);
        Assert.Equal(102, models[0].ByteLength);
        Assert.Null(models[0].License);
        Assert.Empty(CachedModel.In(new HubCache(_folder["none"])));
    }

    [Fact]
    public void A_name_leads_to_a_path_without_a_connection()
    {
        string path = Put("models--acme--tiny", New, "tiny.Q4_K_M.gguf", "blob1", "G"u8);
        Put("models--acme--tiny", New, "tiny.Q8_0.gguf", "blob2", "G"u8);
        Put("models--acme--tiny", Old, "tiny.Q2_K.gguf", "blob3", "G"u8);
        Ref("models--acme--tiny", "main", New);
        Put("models--acme--folder", Old, "config.json", "blob4", "{}"u8);
        string weights = Put("models--acme--folder", Old, "model.safetensors", "blob5", new byte[100]);
        Assert.Equal(path, Find("acme/tiny"));
        Assert.Equal(path, Find("acme/tiny/tiny.Q4_K_M.gguf"));
        Assert.EndsWith("tiny.Q8_0.gguf", Find("acme/tiny:Q8_0"), StringComparison.Ordinal);
        Assert.EndsWith("tiny.Q2_K.gguf", Find("acme/tiny", Old), StringComparison.Ordinal);
        Assert.Equal(Path.GetDirectoryName(weights), Find("acme/folder"));
        Assert.Null(Find("acme/none"));
        Assert.Null(Find("acme/tiny", "v9"));
        Assert.Throws<HubException>(() => Find("acme/tiny/other.gguf"));
    }

    [Fact]
    public void Where_links_cannot_be_made_the_file_itself_takes_the_place()
    {
        HubCache cache = new(_folder["hub"], (_, _) => throw new UnauthorizedAccessException("no privilege"));
        HubName name = HubName.TryParse("acme/tiny")!;
        HubFile file = new("deep/tiny.gguf", 3, new FileDigest(new string('a', 64)));
        Directory.CreateDirectory(Path.GetDirectoryName(cache.Blob(name, file.Digest))!);
        File.WriteAllBytes(cache.Blob(name, file.Digest), [1, 2, 3]);

        cache.Link(name, New, file);

        Assert.True(cache.Has(name, New, file));
        Assert.False(cache.HasBlob(name, file));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(cache.SnapshotFile(name, New, file.Path)));
        Assert.Equal(3, Assert.Single(CachedModel.In(cache)).ByteLength);
    }

    [Fact]
    public void The_newest_commit_is_taken_where_main_is_not_there()
    {
        Put("models--acme--tiny", New, "new.gguf", "blob1", "G"u8);
        Put("models--acme--tiny", Old, "old.gguf", "blob2", "G"u8);
        Directory.SetLastWriteTimeUtc(_folder[$"hub/models--acme--tiny/snapshots/{Old}"], DateTime.UtcNow.AddDays(-2));
        Assert.EndsWith("new.gguf", Find("acme/tiny"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_GGUF_file_without_a_licence_takes_the_card_that_was_pulled_with_it()
    {
        byte[] model = File.ReadAllBytes(TestModels.PathOf("tiny/llama-gqa.gguf"));
        string path = Put("models--acme--tiny", New, "deep/tiny.gguf", "blob1", model);
        Put("models--acme--tiny", New, "README.md", "blob2", "---\nlicense: cc-by-nc-4.0\n---\n"u8);
        _folder.Write("loose.gguf", model);
        _folder.Write("README.md", "---\nlicense: mit\n---\n");
        using GgufSource pulled = GgufSource.Open(path);
        using GgufSource loose = GgufSource.Open(_folder["loose.gguf"]);
        Assert.Equal("cc-by-nc-4.0", pulled.License?.Name);
        Assert.Null(loose.License);
        Assert.Equal(CommercialUse.Forbidden, LicenseTerms.Of(pulled.License).Commercial);
    }

    [Fact]
    public void A_pulled_folder_is_called_by_its_name_on_the_Hub()
    {
        foreach (string file in Directory.GetFiles(TestModels.PathOf("folders/llama3")))
        {
            Put("models--acme--folder", New, Path.GetFileName(file), Path.GetFileName(file), File.ReadAllBytes(file));
        }

        using ModelSource source = ModelSource.Open(Find("acme/folder")!);
        Assert.Equal("acme/folder", source.Name);
    }

    [Fact]
    public void Removing_a_model_frees_its_bytes_and_follows_no_link_out()
    {
        string outside = _folder.Write("outside.gguf", new byte[500]);
        Put("models--acme--tiny", New, "tiny.gguf", "blob1", new byte[300]);
        string snapshot = _folder[$"hub/models--acme--tiny/snapshots/{New}"];
        File.CreateSymbolicLink(Path.Combine(snapshot, "out.gguf"), outside);
        Directory.CreateDirectory(_folder["elsewhere"]);
        _folder.Write("elsewhere/kept.bin", new byte[50]);
        Directory.CreateSymbolicLink(Path.Combine(snapshot, "folder"), _folder["elsewhere"]);
        Put("models--acme--other", New, "other.gguf", "blob1", new byte[10]);

        HubRemoval removal = HubRemoval.Plan(Cache, HubReference.TryParse("acme/tiny")!);
        removal.Run();

        Assert.Equal(300, removal.ByteLength);
        Assert.False(Directory.Exists(_folder["hub/models--acme--tiny"]));
        Assert.True(File.Exists(outside));
        Assert.True(File.Exists(_folder["elsewhere/kept.bin"]));
        Assert.Equal(["acme/other/other.gguf"], CachedModel.In(Cache).Select(model => model.Id));
    }

    [Fact]
    public void Removing_a_file_keeps_a_content_that_another_commit_has()
    {
        Put("models--acme--tiny", New, "a.gguf", "blob1", new byte[300]);
        Put("models--acme--tiny", New, "b.gguf", "blob2", new byte[200]);
        Put("models--acme--tiny", Old, "b-old-name.gguf", "blob2", new byte[200]);
        HubRemoval shared = HubRemoval.Plan(Cache, HubReference.TryParse("acme/tiny/b.gguf")!);
        Assert.Equal(0, shared.ByteLength);
        shared.Run();
        HubRemoval only = HubRemoval.Plan(Cache, HubReference.TryParse("acme/tiny/a.gguf")!);
        Assert.Equal(300, only.ByteLength);
        only.Run();
        Assert.Equal(["acme/tiny/b-old-name.gguf"], CachedModel.In(Cache).Select(model => model.Id));
        string blobs = _folder["hub/models--acme--tiny/blobs"];
        Assert.Equal([Path.Combine(blobs, "blob2")], Directory.GetFiles(blobs));
    }

    [Fact]
    public void What_is_not_there_or_is_a_link_is_not_removed()
    {
        Directory.CreateDirectory(_folder["real"]);
        Directory.CreateDirectory(_folder["hub"]);
        Directory.CreateSymbolicLink(_folder["hub/models--acme--link"], _folder["real"]);
        Assert.Throws<HubException>(() => HubRemoval.Plan(Cache, HubReference.TryParse("acme/none")!));
        Assert.Throws<HubException>(() => HubRemoval.Plan(Cache, HubReference.TryParse("acme/link")!));
    }

    [Fact]
    public void Links_in_a_circle_and_links_to_nothing_are_no_models()
    {
        string snapshot = _folder[$"hub/models--acme--tiny/snapshots/{New}"];
        Directory.CreateDirectory(snapshot);
        File.CreateSymbolicLink(Path.Combine(snapshot, "a.gguf"), "a.gguf");
        File.CreateSymbolicLink(Path.Combine(snapshot, "b.gguf"), "../../blobs/none");
        Assert.All(CachedModel.In(Cache), model => Assert.Equal(0, model.ByteLength));
    }

    [Theory]
    [InlineData("apache-2.0", CommercialUse.Allowed)]
    [InlineData("cc-by-nc-4.0", CommercialUse.Forbidden)]
    [InlineData("my-own, mit", CommercialUse.Unknown)]
    [InlineData("my-own, cc-by-nc-4.0", CommercialUse.Forbidden)]
    [InlineData(null, CommercialUse.Unknown)]
    public void A_licence_says_whether_it_allows_commerce(string? stated, object expected) => Assert.Equal(
        expected, LicenseTerms.Of(stated is null ? null : new StatedLicense(stated, "here")).Commercial);

    private string? Find(string reference, string? revision = null) =>
        CachedModel.Find(Cache, HubReference.TryParse(reference)!, revision);

    private string Put(string model, string commit, string file, string blob, ReadOnlySpan<byte> content)
    {
        string folder = _folder[$"hub/{model}"];
        string path = Path.Combine([folder, "snapshots", commit, .. file.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(Path.Combine(folder, "blobs"));
        File.WriteAllBytes(Path.Combine(folder, "blobs", blob), content);
        string up = string.Concat(Enumerable.Repeat("../", 1 + file.Split('/').Length));
        File.CreateSymbolicLink(path, $"{up}blobs/{blob}");
        return path;
    }

    private void Ref(string model, string revision, string commit)
    {
        string path = Path.Combine([_folder[$"hub/{model}"], "refs", .. revision.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, commit);
    }
}
