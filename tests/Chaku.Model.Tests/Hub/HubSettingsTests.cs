using Chaku.Model.Hub;
using Chaku.Tests;

namespace Chaku.Model.Tests.Hub;

/// <summary>What the environment says of the Hub, as its other programs read it.</summary>
public sealed class HubSettingsTests
{
    private static string Home => System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);

    [Theory]
    [InlineData("~/.cache/huggingface/hub")]
    [InlineData("/x/huggingface/hub", "XDG_CACHE_HOME=/x")]
    [InlineData("/h/hub", "HF_HOME=/h", "XDG_CACHE_HOME=/x")]
    [InlineData("~/h/hub", "HF_HOME=~/h")]
    [InlineData("/old", "HUGGINGFACE_HUB_CACHE=/old", "HF_HOME=/h")]
    [InlineData("/c", "HF_HUB_CACHE=/c", "HUGGINGFACE_HUB_CACHE=/old", "HF_HOME=/h")]
    [InlineData("/h/hub", "HF_HOME=/h", "HF_HUB_CACHE=")]
    public void The_cache_is_where_others_have_it(string expected, params string[] variables) => Assert.Equal(
        Path.GetFullPath(expected.Replace("~", Home, StringComparison.Ordinal)),
        HubSettings.CacheFolderOf(Environment(variables)));

    [Fact]
    public void The_token_comes_from_a_variable_else_from_a_file()
    {
        using TemporaryFolder folder = new();
        folder.Write("token", "hf_file\n");
        folder.Write("other", "  hf_other\r\n");
        Assert.Equal("hf_set", Read($"HF_HOME={folder.Path}", "HF_TOKEN=hf_set\n").Token);
        Assert.Equal("hf_file", Read($"HF_HOME={folder.Path}").Token);
        Assert.Equal("hf_other", Read($"HF_HOME={folder.Path}", $"HF_TOKEN_PATH={folder["other"]}").Token);
        Assert.Null(Read($"HF_HOME={folder["none"]}").Token);
        string refusal = Assert.Throws<HubException>(() => Read("HF_TOKEN=hf\u00e9 secret")).Message;
        Assert.DoesNotContain("secret", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void The_address_and_whether_it_may_be_used()
    {
        Assert.Equal(HubSettings.DefaultEndpoint + "/", Read("HF_HOME=/none").Endpoint.AbsoluteUri);
        Assert.Equal(
            "http://mirror:8080/hub",
            Read("HF_HOME=/none", "HF_ENDPOINT=http://mirror:8080/hub/").Endpoint.AbsoluteUri);
        Assert.False(Read("HF_HOME=/none", "HF_HUB_OFFLINE=0").IsOffline);
        Assert.True(Read("HF_HOME=/none", "HF_HUB_OFFLINE=1").IsOffline);
        Assert.True(Read("HF_HOME=/none", "TRANSFORMERS_OFFLINE=true").IsOffline);
    }

    [Theory]
    [InlineData("mirror")]
    [InlineData("ftp://mirror")]
    [InlineData("http://user:word@mirror")]
    [InlineData("http://mirror/?a=b")]
    public void An_address_that_is_none_is_refused(string endpoint) =>
        Assert.Throws<HubException>(() => Read("HF_HOME=/none", $"HF_ENDPOINT={endpoint}"));

    private static HubSettings Read(params string[] variables) => HubSettings.From(Environment(variables));

    private static Func<string, string?> Environment(string[] variables) => name => variables
        .Where(variable => variable.StartsWith($"{name}=", StringComparison.Ordinal))
        .Select(variable => variable[(name.Length + 1)..])
        .FirstOrDefault();
}
