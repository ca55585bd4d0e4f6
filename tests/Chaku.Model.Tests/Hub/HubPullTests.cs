using System.Text;
using Chaku.Model.Hub;
using Chaku.Tests;

namespace Chaku.Model.Tests.Hub;

/// <summary>What a pull fetches, where it puts it, and what it tells whom.</summary>
public sealed class HubPullTests : HubSuite
{
    [Fact]
    public async Task A_GGUF_file_lies_in_the_layout_that_other_programs_know()
    {
        HubServerModel model = AddGguf();
        HubPull pull = await Pull();

        string folder = Path.Combine(Cache.Folder, "models--acme--tiny");
        string link = Path.Combine(folder, "snapshots", model.Commit, GgufName);
        Assert.Equal(link, pull.ResultPath);
        Assert.Equal(model.Files[GgufName], File.ReadAllBytes(link));
        Assert.Equal(model.Commit, File.ReadAllText(Path.Combine(folder, "refs", "main")));
        Assert.Equal(
            $"../../blobs/{HubServerModel.Sha256Of(model.Files[GgufName])}",
            new FileInfo(link).LinkTarget!.Replace('\\', '/'));
        Assert.Equal("apache-2.0", pull.License?.Name);
        Assert.Equal([GgufName, "README.md"], pull.Files.Select(file => file.Path));
        Assert.Empty(Unfinished());
    }

    [Fact]
    public async Task A_large_file_comes_in_parts_and_a_second_pull_fetches_nothing()
    {
        AddGguf();
        long last = 0;
        await Pull(report: (done, all, _) => last = done == all ? all : last);
        string?[] ranges = [.. Server.Requests.Where(request => request.IsStorage).Select(request => request.Range)];
        Assert.Equal(
            ["bytes=0-74999", "bytes=150000-224999", "bytes=225000-299999", "bytes=75000-149999"],
            ranges.Order(StringComparer.Ordinal));
        Assert.Equal(300_000, Server.SentByteLength);
        Assert.True(last > 300_000, "the progress ends at all bytes");

        Server.Requests.Clear();
        HubPull again = await Pull();
        Assert.Equal(0, again.MissingByteLength);
        Assert.All(Server.Requests, request => Assert.True(request.IsListing));
    }

    // A disk that forgets, or another program that wrote less carefully.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_there_is_hashed_too_and_fetched_again_where_it_is_wrong(bool isInSnapshot)
    {
        HubServerModel model = AddGguf();
        HubPull first = await Pull();
        Assert.Equal((0, model.Files[GgufName].Length + model.Files["README.md"].Length), Found(first));
        Assert.Equal((2, 0), Found(await Pull()));
        Assert.Empty(Notices);

        byte[] wrong = [.. model.Files[GgufName]];
        wrong[^1] ^= 1;
        string path = isInSnapshot ? first.ResultPath : Blob(model.Files[GgufName]);
        File.Delete(first.ResultPath);
        File.Delete(Blob(model.Files[GgufName]));
        File.WriteAllBytes(path, wrong);
        Assert.Equal((1, wrong.Length), Found(await Pull()));
        Assert.Equal(model.Files[GgufName], File.ReadAllBytes(first.ResultPath));
        AssertBlobsAreRight(model);
        Assert.Contains("another hash", Assert.Single(Notices), StringComparison.Ordinal);
    }

    // As in a cache that may only be read.
    [Fact]
    public async Task Where_all_is_there_nothing_is_written()
    {
        AddGguf();
        await Pull();
        Directory.Delete(Path.Combine(Cache.Folder, ".locks"), recursive: true);
        string[] before = Directory.GetFileSystemEntries(Cache.Folder, "*", SearchOption.AllDirectories);
        await Pull();
        Assert.Equal(before, Directory.GetFileSystemEntries(Cache.Folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Shards_come_as_the_index_names_them_and_what_is_not_needed_does_not()
    {
        const string index = """
            {"metadata": {"total_size": 8000},
             "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
            """;
        Server.Add(new HubServerModel(Id)
            .With("config.json", "{}")
            .With("model.safetensors.index.json", index)
            .With("model-00001-of-00002.safetensors", Bytes(4000, 1))
            .With("model-00002-of-00002.safetensors", Bytes(4000, 2))
            .With("consolidated.safetensors", Bytes(4000, 3))
            .With("pytorch_model.bin", Bytes(4000, 4))
            .With("tf_model.h5", Bytes(4000, 5))
            .With("onnx/model.onnx", Bytes(4000, 6))
            .With("tokenizer.json", "{\"a\": 1}")
            .With("generation_config.json", "{\"b\": 1}")
            .With("LICENSE", "MIT License\n"));

        HubPull pull = await Pull();

        Assert.Equal(
            [
                "LICENSE", "config.json", "generation_config.json", "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json",
            ],
            HubCache.FilesIn(pull.ResultPath));
    }

    [Fact]
    public async Task An_index_that_names_what_is_not_there_or_leads_elsewhere_is_refused()
    {
        foreach (string shard in (string[])["model-00001-of-00001.safetensors", "../../../out.safetensors"])
        {
            Server.Add(new HubServerModel(Id)
                .With("config.json", "{}")
                .With("model.safetensors.index.json", $$$"""{"weight_map": {"a": "{{{shard}}}"} }"""));
            Exception exception = await Assert.ThrowsAnyAsync<Exception>(() => Pull());
            Assert.True(exception is HubException or ModelFormatException, exception.ToString());
        }
    }

    [Fact]
    public async Task PyTorch_files_come_where_nothing_else_is_and_adapters_with_their_settings()
    {
        Server.Add(new HubServerModel(Id).With("config.json", "{}").With("pytorch_model.bin", Bytes(4000)));
        Assert.Contains("pytorch_model.bin", (await Pull()).Files.Select(file => file.Path));
        Server.Add(new HubServerModel("acme/adapter")
            .With("adapter_config.json", "{}")
            .With("adapter_model.safetensors", Bytes(4000))
            .With("training_args.bin", Bytes(3000)));
        Assert.Equal(
            ["adapter_model.safetensors", "adapter_config.json"],
            (await Pull("acme/adapter")).Files.Select(file => file.Path));
    }

    [Fact]
    public async Task A_token_goes_to_the_Hub_and_never_to_the_host_that_stores()
    {
        Server.Add(new HubServerModel(Id) { IsGated = true }.With(GgufName, Bytes(4000)));
        await Pull(token: "hf_right");
        Assert.Contains(Server.Requests, request => request.IsStorage);
        Assert.All(Server.Requests, request => Assert.Equal(
            request.IsStorage ? null : "Bearer hf_right", request.Authorization));
        Assert.All(Server.Requests, request => Assert.Equal("identity", request.Headers["accept-encoding"]));
    }

    [Fact]
    public async Task A_renamed_model_is_followed_within_the_Hub_with_the_token()
    {
        Server.Add(new HubServerModel("acme/new") { IsPrivate = true }.With(GgufName, Bytes(4000)));
        Server.Fault = request => request.Target.Contains("acme/tiny", StringComparison.Ordinal)
            ? new HubServerFault
            {
                Status = 307,
                Headers = [$"Location: {request.Target.Replace("acme/tiny", "acme/new", StringComparison.Ordinal)}"],
            }
            : null;
        HubPull pull = await Pull(token: "hf_right");
        Assert.Equal(Bytes(4000), File.ReadAllBytes(pull.ResultPath));
    }

    [Fact]
    public async Task Where_the_list_is_silent_headers_say_length_and_hash()
    {
        Server.Add(new HubServerModel(Id) { ListsBlobs = false }
            .With(GgufName, Bytes(4000))
            .With("README.md", "Tiny.\n"));
        HubPull pull = await Pull();
        Assert.Equal(Bytes(4000), File.ReadAllBytes(pull.ResultPath));
        Assert.Equal(2, Server.Requests.Count(request => request.Method == "HEAD"));
        Assert.DoesNotContain(Server.Requests, request => request.IsStorage && request.Method == "HEAD");
    }

    [Fact]
    public async Task Two_pulls_at_once_fetch_it_once()
    {
        HubServerModel model = AddGguf();
        await Task.WhenAll(Pull(), Pull(), Pull());
        Assert.Equal(300_000, Server.SentByteLength);
        AssertBlobsAreRight(model);
    }

    [Fact]
    public async Task Empty_files_and_equal_files_and_folders_come_right()
    {
        Server.Add(new HubServerModel(Id)
            .With("deep/er/tiny.gguf", Bytes(4000))
            .With("README.md", "")
            .With("LICENSE", "")
            .With("NOTICE", "same")
            .With("NOTICE.txt", "same"));
        HubPull pull = await Pull();
        Assert.Equal(Bytes(4000), File.ReadAllBytes(pull.ResultPath));
        string snapshot = HubCache.SnapshotAround(pull.ResultPath)!;
        Assert.Equal("", File.ReadAllText(Path.Combine(snapshot, "README.md")));
        Assert.Equal("same", File.ReadAllText(Path.Combine(snapshot, "NOTICE.txt")));
        Assert.Equal("acme/tiny", HubCache.NameOf(pull.ResultPath)?.Id);
    }

    // As it is on Windows without the privilege to make links.
    [Fact]
    public async Task A_file_that_lies_in_the_snapshot_itself_is_not_fetched_again()
    {
        HubServerModel model = AddGguf();
        HubPull pull = await Pull();
        File.Delete(pull.ResultPath);
        File.Move(Blob(model.Files[GgufName]), pull.ResultPath);
        Server.Requests.Clear();
        Assert.Equal(0, (await Pull()).MissingByteLength);
        Assert.DoesNotContain(Server.Requests, request => request.IsStorage);
        Assert.Equal(pull.ResultPath, CachedModel.Find(Cache, HubReference.TryParse(Id)!));
        HubRemoval removal = HubRemoval.Plan(Cache, HubReference.TryParse($"{Id}/{GgufName}")!);
        Assert.Equal(300_000, removal.ByteLength);
        removal.Run();
        Assert.False(File.Exists(pull.ResultPath));
    }

    [Fact]
    public async Task Too_little_space_is_said_before_anything_is_fetched()
    {
        AddGguf();
        IOException exception = await Assert.ThrowsAsync<IOException>(
            () => Pull(settings: Settings with { FreeByteLength = _ => 299_999 }));
        Assert.Contains("room for 300 kB", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Server.Requests, request => request.IsStorage);
    }

    [Fact]
    public async Task The_revision_is_asked_for_and_noted()
    {
        HubServerModel model = AddGguf();
        HubPull pull = await Pull(revision: model.Commit);
        Assert.Equal(model.Commit, pull.Commit);
        Assert.False(Directory.Exists(Path.Combine(Cache.ModelFolder(pull.Name), "refs")));
        Assert.Contains("no revision 'v9'", (await Refused(revision: "v9")).Message, StringComparison.Ordinal);
    }

    private static (int, long) Found(HubPull pull) => (pull.FoundFileCount, pull.FetchedByteLength);

    [Theory]
    [InlineData("a b ")]
    [InlineData("../main")]
    [InlineData("")]
    public async Task A_revision_that_no_branch_has_is_refused_before_anything_is_asked(string revision)
    {
        AddGguf();
        Assert.Contains("is no revision", (await Refused(revision: revision)).Message, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task What_was_pulled_has_a_name_that_leads_there()
    {
        HubServerModel old = Server.Add(new HubServerModel(Id) { Commit = new string('1', 40) }
            .With(GgufName, Bytes(4000, 1))
            .With("config.json", "{}")
            .With("model.safetensors", Bytes(4000, 2)));
        Assert.Equal(Id, (await Pull()).NameOf(HubReference.TryParse(Id)!));
        HubPull folder = await Pull(kind: WeightsKind.Folder);
        Assert.Equal(folder.ResultPath, folder.NameOf(HubReference.TryParse(Id)!));

        Server.Add(new HubServerModel(Id) { Commit = new string('2', 40) }.With("other.gguf", Bytes(4000, 3)));
        await Pull();
        Server.Add(old);
        HubReference asked = HubReference.TryParse(Id)! with { Revision = old.Commit };
        string name = (await Pull(revision: old.Commit)).NameOf(asked);
        Assert.Equal($"{Id}@{old.Commit}", name);
        Server.Add(new HubServerModel(Id) { Commit = old.Commit }.With("x-Q4_K_M.gguf", Bytes(4000, 4)));
        name = (await Pull(revision: old.Commit)).NameOf(asked);
        Assert.Equal($"{Id}@{old.Commit}/x-Q4_K_M.gguf", name);
    }

    // huggingface.co keeps the oldest models under names without an owner, and redirects.
    [Fact]
    public async Task A_model_without_an_owner_is_pulled_run_and_removed_by_its_name()
    {
        Server.Add(new HubServerModel("openai-community/gpt2").With(GgufName, Bytes(4000)));
        Server.Fault = request => !request.IsStorage && !request.Target.Contains("openai", StringComparison.Ordinal)
            ? new HubServerFault
            {
                Status = 307,
                Headers = [$"Location: {request.Target.Replace("/gpt2/", "/openai-community/gpt2/")}"],
            }
            : null;
        HubPull pull = await Pull("gpt2");
        HubReference reference = HubReference.TryParse("gpt2")!;
        Assert.Equal(Bytes(4000), File.ReadAllBytes(CachedModel.Find(Cache, reference)!));
        Assert.Equal("gpt2", pull.NameOf(reference));
        HubRemoval.Plan(Cache, reference).Run();
        Assert.Empty(CachedModel.In(Cache));
    }

    [Fact]
    public void The_server_of_these_tests_hashes_as_git_does() =>
        // git hash-object of "hello\n", as every book on git has it.
        Assert.Equal(
            "ce013625030ba8dba906f756967f9e9ca394464a",
            HubServerModel.BlobIdOf(Encoding.ASCII.GetBytes("hello\n")));
}
