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
    public void A_revision_behind_the_name_leads_to_its_commit()
    {
        string old = Put("models--acme--tiny", Old, "tiny.gguf", "blob1", "G"u8);
        string young = Put("models--acme--tiny", New, "tiny.gguf", "blob2", "G"u8);
        Ref("models--acme--tiny", "main", New);
        Assert.Equal(
            [$"acme/tiny@{Old[..12]}/tiny.gguf", "acme/tiny/tiny.gguf"],
            CachedModel.In(Cache).Select(model => model.Id));
        Ref("models--acme--tiny", "refs/pr/7", Old);
        CachedModel[] models = [.. CachedModel.In(Cache)];
        Assert.Equal(
            ["acme/tiny@refs%2Fpr%2F7/tiny.gguf", "acme/tiny/tiny.gguf"], models.Select(model => model.Id));
        string[] names = [models[0].Id, $"acme/tiny@{Old}", "acme/tiny@1111111", "acme/tiny@11111111/tiny.gguf"];
        Assert.All(names, name => Assert.Equal(old, CachedModel.Find(Cache, HubReference.TryParse(name)!)));

        Assert.Equal(young, Find("acme/tiny"));
        Assert.Null(Find("acme/tiny", "111111"));
        Assert.Null(Find("acme/tiny", "v9"));
    }

    [Fact]
    public void The_kind_of_weights_decides_between_a_file_and_the_folder_around_it()
    {
        string file = Put("models--acme--tiny", New, "tiny.gguf", "blob1", "G"u8);
        Put("models--acme--tiny", New, "config.json", "blob2", "{}"u8);
        Put("models--acme--tiny", New, "model.safetensors", "blob3", new byte[100]);
        HubReference reference = HubReference.TryParse("acme/tiny")!;
        Assert.Equal(file, CachedModel.Find(Cache, reference));
        Assert.Equal(file, CachedModel.Find(Cache, reference, WeightsKind.Gguf));
        Assert.Equal(Path.GetDirectoryName(file), CachedModel.Find(Cache, reference, WeightsKind.Folder));
    }

    [Fact]
    public void A_file_of_a_model_without_an_owner_is_named_where_nothing_else_is_meant()
    {
        string file = Put("models--gpt2", New, "gpt2.gguf", "blob1", "G"u8);
        Assert.Equal(file, Find("gpt2"));
        Assert.Equal("gpt2/gpt2.gguf", CachedModel.In(Cache)[0].Id);
        Assert.Equal(file, CachedModel.Find(Cache, HubReference.TryParse("gpt2/gpt2.gguf", Cache)!));
        string owned = Put("models--gpt2--gpt2.gguf", New, "other.gguf", "blob1", "G"u8);
        Assert.Equal(owned, CachedModel.Find(Cache, HubReference.TryParse("gpt2/gpt2.gguf", Cache)!));
        Assert.Equal("acme/gpt2.gguf", HubReference.TryParse("acme/gpt2.gguf", Cache)?.Name.Id);
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
        Assert.False(Directory.Exists(_folder[$"hub/models--acme--tiny/snapshots/{New}"]));
        string blobs = _folder["hub/models--acme--tiny/blobs"];
        Assert.Equal([Path.Combine(blobs, "blob2")], Directory.GetFiles(blobs));
    }

    [Fact]
    public void Removing_a_revision_leaves_what_the_others_have()
    {
        Put("models--acme--tiny", New, "deep/a.gguf", "blob1", new byte[300]);
        Put("models--acme--tiny", New, "b.gguf", "blob2", new byte[200]);
        Put("models--acme--tiny", Old, "b.gguf", "blob2", new byte[200]);
        Ref("models--acme--tiny", "main", New);
        Ref("models--acme--tiny", "v1", Old);
        HubRemoval removal = HubRemoval.Plan(Cache, HubReference.TryParse($"acme/tiny@{New[..12]}")!);
        Assert.Equal((300, 2), (removal.ByteLength, removal.Files.Count));
        removal.Run();
        Assert.Equal(["acme/tiny/b.gguf"], CachedModel.In(Cache).Select(model => model.Id));
        Assert.Equal(["v1"], HubCache.FilesIn(_folder["hub/models--acme--tiny/refs"]));
        Assert.Equal(["blob2"], HubCache.FilesIn(_folder["hub/models--acme--tiny/blobs"]));
        Assert.Throws<HubException>(() => HubRemoval.Plan(Cache, HubReference.TryParse("acme/tiny@main")!));
    }

    [Fact]
    public void A_file_is_removed_by_the_end_of_its_path_as_it_is_found()
    {
        Put("models--acme--tiny", New, "deep/a.gguf", "blob1", new byte[300]);
        Put("models--acme--tiny", New, "deep/er/a.gguf", "blob2", new byte[200]);
        Put("models--acme--tiny", New, "deep/ca.gguf", "blob3", new byte[100]);
        HubException several = Assert.Throws<HubException>(
            () => HubRemoval.Plan(Cache, HubReference.TryParse("acme/tiny/a.gguf")!));
        Assert.Contains("is several files: deep/a.gguf, deep/er/a.gguf", several.Message, StringComparison.Ordinal);
        HubRemoval.Plan(Cache, HubReference.TryParse("acme/tiny/er/a.gguf")!).Run();
        HubRemoval.Plan(Cache, HubReference.TryParse("acme/tiny/a.gguf")!).Run();
        Assert.Equal(["acme/tiny/deep/ca.gguf"], CachedModel.In(Cache).Select(model => model.Id));
    }

    [Theory]
    [InlineData("snapshots", "acme/tiny/a.gguf")]
    [InlineData("blobs", "acme/tiny/a.gguf")]
    [InlineData("snapshots", "acme/tiny")]
    [InlineData("blobs", "acme/tiny")]
    public void Nothing_is_removed_through_a_link_in_place_of_a_folder(string folder, string reference)
    {
        Put("models--acme--tiny", New, "a.gguf", "blob1", new byte[300]);
        string inside = _folder[$"hub/models--acme--tiny/{folder}"];
        Directory.Move(inside, _folder["elsewhere"]);
        Directory.CreateSymbolicLink(inside, _folder["elsewhere"]);
        string[] before = Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories);
        HubException exception = Assert.Throws<HubException>(
            () => HubRemoval.Plan(Cache, HubReference.TryParse(reference)!));
        Assert.Contains($"{inside} is a link to", exception.Message, StringComparison.Ordinal);
        Assert.Empty(HubCache.FilesIn(inside));
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories));
    }

    // A file of the kernel's that nobody may read, not even who may all else.
    [Fact]
    public void What_cannot_be_read_is_a_row_among_the_others()
    {
        const string locked = "/proc/sys/vm/compact_memory";
        Assert.SkipUnless(File.Exists(locked), "this system has no file that nobody may read");
        Put("models--acme--broken", New, "broken.gguf", "blob1", "GGUF?"u8);
        Put("models--acme--locked", New, "config.json", "blob1", "{}"u8);
        File.CreateSymbolicLink(_folder[$"hub/models--acme--locked/snapshots/{New}/locked.gguf"], locked);
        byte[] tiny = File.ReadAllBytes(TestModels.PathOf("tiny/llama-gqa.gguf"));
        Put("models--acme--tiny", New, "tiny.gguf", "blob1", tiny);
        Assert.Equal(
            [
                ("acme/broken/broken.gguf", "not readable"), ("acme/locked/locked.gguf", "not readable"),
                ("acme/tiny/tiny.gguf", "gguf"),
            ],
            CachedModel.In(Cache).Select(model => (model.Id, model.Format)));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("adapter_config.json")]
    public void The_use_of_a_folder_is_noted(string settings)
    {
        string path = Put("models--acme--tiny", New, settings, "blob1", "{}"u8);
        DateTime before = new(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastAccessTimeUtc(_folder["hub/models--acme--tiny/blobs/blob1"], before);
        Assert.Equal(before, Assert.Single(CachedModel.In(Cache)).LastUsedUtc);
        CachedModel.NoteUse(Path.GetDirectoryName(path)!);
        Assert.InRange(
            Assert.Single(CachedModel.In(Cache)).LastUsedUtc, DateTime.UtcNow.AddMinutes(-5), DateTime.UtcNow);
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
        CachedModel.Find(Cache, HubReference.TryParse(reference)! with { Revision = revision });

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
