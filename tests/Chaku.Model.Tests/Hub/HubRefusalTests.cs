using System.Text;
using Chaku.Model.Hub;
using Chaku.Tests;

namespace Chaku.Model.Tests.Hub;

/// <summary>What the Hub refuses is explained; what a server must not do is refused.</summary>
public sealed class HubRefusalTests : HubSuite
{
    private const string Listed = "{\"sha\": \"0123456789012345678901234567890123456789\", \"siblings\": ";

    [Theory]
    [InlineData(null, "is gated: open", "set HF_TOKEN to a token of that account")]
    [InlineData("hf_wrong", "the account of HF_TOKEN may not read it", "accept the terms")]
    public async Task A_gated_model_says_what_is_to_be_done(string? token, params string[] expected)
    {
        Server.Add(new HubServerModel(Id) { IsGated = true }.With(GgufName, Bytes(4000)));
        HubException exception = await Refused(token: token);
        Assert.All(expected, text => Assert.Contains(text, exception.Message, StringComparison.Ordinal));
        Assert.Contains($"{Server.Endpoint}/acme/tiny", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Unfinished());
    }

    [Theory]
    [InlineData(null, "check the name; for a private one set HF_TOKEN")]
    [InlineData("hf_wrong", "whether the account of HF_TOKEN may read it")]
    public async Task A_private_model_and_none_at_all_are_told_alike(string? token, string expected)
    {
        Server.Add(new HubServerModel(Id) { IsPrivate = true }.With(GgufName, Bytes(4000)));
        foreach (string id in (string[])[Id, "acme/none"])
        {
            HubException exception = await Refused(id, token: token);
            Assert.Contains($"there is no model {id} at", exception.Message, StringComparison.Ordinal);
            Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(401, "X-Error-Message: Invalid credentials in Authorization header", "is not accepted")]
    [InlineData(401, "X-Error-Message: Invalid username or password.", "there is no model")]
    [InlineData(401, "X: y", "there is no model")]
    [InlineData(403, "X-Error-Code: RepoNotFound", "or it is private")]
    [InlineData(403, "X-Error-Message: Access to this resource is disabled.", "403 (Access to this")]
    [InlineData(403, "X: y", "acme/tiny: the server answers 403 (Said)")]
    [InlineData(404, "X: y", "there is no model")]
    [InlineData(404, "X-Error-Code: RepoNotFound", "there is no model")]
    [InlineData(404, "X-Error-Code: EntryNotFound", "has no file")]
    [InlineData(404, "X-Error-Code: RevisionNotFound", "has no revision 'main'")]
    [InlineData(451, "X-Error-Message: This is\tdisabled", "451 (This is\\u0009disabled)")]
    public async Task A_refusal_is_explained_and_not_repeated(int status, string header, string expected)
    {
        AddGguf();
        Server.Fault = _ => new HubServerFault { Status = status, Headers = [header] };
        Assert.Contains(expected, (await Refused(token: "hf_right")).Message, StringComparison.Ordinal);
        Assert.Single(Server.Requests);
        Assert.Empty(Clock.Waits);
    }

    [Fact]
    public async Task Without_a_token_none_is_said_to_be_wrong()
    {
        Server.Fault = _ => new HubServerFault
        {
            Status = 401,
            Headers = ["X-Error-Message: Invalid credentials in Authorization header"],
        };
        Assert.Contains("there is no model", (await Refused()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task A_host_that_stores_is_asked_once_more_with_a_fresh_address(int status)
    {
        HubServerModel model = AddGguf(4000);
        int expired = 1;
        Server.Fault = request => request.IsStorage && Interlocked.Decrement(ref expired) == 0
            ? new HubServerFault { Status = status }
            : null;
        await Pull();
        AssertBlobsAreRight(model);
        Assert.Equal(2, Server.Requests.Count(request => request.Target.Contains(GgufName, StringComparison.Ordinal)));
        Assert.Contains(
            $"127.0.0.1:{new Uri(Server.Storage).Port} answers {status}",
            Assert.Single(Notices),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, 2)]
    [InlineData(404, 1)]
    public async Task A_host_that_stores_and_refuses_is_named(int status, int attempts)
    {
        AddGguf(4000);
        Server.Fault = request => request.IsStorage
            ? new HubServerFault { Status = status, Headers = ["X-Error-Code: RepoNotFound"] }
            : null;
        Assert.Contains(
            $"acme/tiny/{GgufName}: 127.0.0.1:{new Uri(Server.Storage).Port} answers {status} (Said)",
            (await Refused(token: "hf_right")).Message,
            StringComparison.Ordinal);
        Assert.Equal(attempts, Server.Requests.Count(request => request.IsStorage));
    }

    [Theory]
    [InlineData("../../../tiny.gguf")]
    [InlineData("/etc/tiny.gguf")]
    [InlineData("a//tiny.gguf")]
    [InlineData("..\\tiny.gguf")]
    [InlineData("C:tiny.gguf")]
    [InlineData("NUL/tiny.gguf")]
    [InlineData("a/tiny\u0001.gguf")]
    [InlineData("a /tiny.gguf")]
    public async Task A_path_that_leads_elsewhere_is_refused_before_anything_is_fetched(string path)
    {
        Server.Add(new HubServerModel(Id).With(path, Bytes(4000)));
        Assert.Contains("which is refused", (await Refused()).Message, StringComparison.Ordinal);
        Assert.Single(Server.Requests);
        Assert.False(Directory.Exists(Cache.Folder));
    }

    [Fact]
    public async Task A_strange_name_that_nobody_wants_stops_nothing()
    {
        Server.Add(new HubServerModel(Id).With("what?.png", Bytes(4000)).With(GgufName, Bytes(4000)));
        await Pull();
    }

    [Theory]
    [InlineData(299_999)]
    [InlineData(300_001)]
    [InlineData(1000)]
    [InlineData(0)]
    [InlineData(5_000_000_000_000)]
    public async Task A_length_that_is_a_lie_is_an_error(long stated)
    {
        HubServerModel model = AddGguf();
        model.StatedLengths[GgufName] = stated;
        HubException exception = await Refused(settings: Settings with { FreeByteLength = _ => null });
        Assert.False(File.Exists(Blob(model.Files[GgufName])), exception.Message);
        Assert.All(Unfinished(), path => Assert.InRange(new FileInfo(path).Length, 0, 300_000));
    }

    [Theory]
    [InlineData("Content-Range: bytes 0-299999/300000")]
    [InlineData("Content-Range: bytes 5-74999/300000")]
    [InlineData("Content-Range: bytes 0-74999/300001")]
    [InlineData("Content-Range: bytes 299999-0/300000")]
    [InlineData("Content-Range: lines 0-74999/300000")]
    [InlineData("Content-Range: x")]
    [InlineData("Content-Encoding: gzip")]
    public async Task An_answer_for_another_part_is_an_error(string header)
    {
        HubServerModel model = AddGguf();
        Server.Fault = request => request.IsStorage ? new HubServerFault { Headers = [header] } : null;
        await Refused();
        Assert.False(File.Exists(Blob(model.Files[GgufName])));
    }

    [Fact]
    public async Task A_part_that_is_shorter_than_asked_is_gone_on_from()
    {
        HubServerModel model = AddGguf();
        int shorter = 1;
        Server.Fault = request => request.Range == "bytes=0-74999" && Interlocked.Decrement(ref shorter) == 0
            ? new HubServerFault
            {
                Body = model.Files[GgufName][..100],
                Headers = ["Content-Range: bytes 0-99/300000"],
            }
            : null;
        await Pull();
        AssertBlobsAreRight(model);
    }

    [Theory]
    [InlineData("/acme/tiny/resolve/loop", "redirects more than 10 times")]
    [InlineData("ftp://127.0.0.1/x", "redirects to no address that is followed")]
    [InlineData("file:///etc/passwd", "redirects to no address that is followed")]
    [InlineData("http://", "redirects to no address that is followed")]
    public async Task A_redirect_that_leads_nowhere_is_an_error(string location, string expected)
    {
        AddGguf();
        Server.Fault = request => request.IsListing
            ? null
            : new HubServerFault { Status = 302, Headers = [$"Location: {location}"] };
        Assert.Contains(expected, (await Refused()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"sha\": 5, \"siblings\": []}")]
    [InlineData("{\"sha\": \"main\", \"siblings\": []}")]
    [InlineData("{\"sha\": \"../../../../../../../../../../../../../\", \"siblings\": []}")]
    [InlineData(Listed + "[{\"rfilename\": null}]}")]
    [InlineData(Listed + "[{\"rfilename\": \"a\", \"size\": -1}]}")]
    [InlineData(Listed + "[{\"rfilename\": \"a\", \"size\": 2e9}]}")]
    [InlineData(Listed + "[{\"rfilename\": \"a\"}, {\"rfilename\": \"a\"}]}")]
    [InlineData("<html>busy</html>")]
    [InlineData("{\"sha\": \"\\ud800\"}")]
    public async Task An_answer_that_is_no_list_is_an_error(string answer)
    {
        Server.Fault = _ => new HubServerFault { Status = 200, Body = Encoding.UTF8.GetBytes(answer) };
        Assert.Contains("does not answer with a list", (await Refused()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_without_an_end_and_one_of_great_depth_are_errors()
    {
        Server.Fault = _ => new HubServerFault { Status = 200, IsEndless = true };
        Assert.Contains("longer than", (await Refused()).Message, StringComparison.Ordinal);
        Server.Fault = _ => new HubServerFault
        {
            Status = 200,
            Body = Encoding.UTF8.GetBytes(new string('[', 100_000)),
        };
        await Refused();
    }

    [Fact]
    public async Task A_body_without_an_end_is_read_as_far_as_the_file_goes()
    {
        HubServerModel model = AddGguf();
        Server.Fault = request => request.IsStorage ? new HubServerFault { IsEndless = true } : null;
        await Pull();
        AssertBlobsAreRight(model);
        Assert.True(File.Exists(Blob(model.Files[GgufName])));
    }

    [Fact]
    public async Task Headers_that_give_no_hash_are_an_error()
    {
        Server.Add(new HubServerModel(Id) { ListsBlobs = false }.With(GgufName, "short"));
        Server.Fault = request => request.Method == "HEAD"
            ? new HubServerFault { Headers = ["ETag: \"../../x\""] }
            : null;
        Assert.Contains("no length and hash", (await Refused()).Message, StringComparison.Ordinal);
    }
}
