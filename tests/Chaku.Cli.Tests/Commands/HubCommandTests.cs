using System.Diagnostics;
using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>pull, list and remove as a process of their own, and the other commands on what was pulled.</summary>
public sealed class HubCommandTests : CommandSuite
{
    private const string GgufName = "tiny.Q4_K_M.gguf";

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "chaku.dll");

    [Fact]
    public void What_was_pulled_is_listed_run_by_its_name_and_removed()
    {
        using HubServer server = new();
        HubServerModel model = AddTiny(server);
        string pulled = Succeed(server, "pull", "acme/tiny");
        string path = Path.Combine(Folder, "hub", "models--acme--tiny", "snapshots", model.Commit, GgufName);
        Assert.Contains($"path      {path}\n", pulled, StringComparison.Ordinal);
        Assert.Contains(
            "licence   cc-by-nc-4.0 (the model's card)\n          It may not be used commercially.",
            pulled,
            StringComparison.Ordinal);
        Assert.Contains(
            "licence   checked: cc-by-nc-4.0, recorded with the model (README.md)", pulled, StringComparison.Ordinal);
        Assert.Matches("to fetch  .* of .*; .* are free", pulled);
        Assert.Contains("checked   2 files have the hashes that the Hub lists\n", pulled, StringComparison.Ordinal);
        Assert.EndsWith("try       chaku show acme/tiny\n", pulled, StringComparison.Ordinal);
        Assert.Contains(
            "that the Hub lists; 2 of them were there before\n",
            Succeed(server, "pull", "acme/tiny"),
            StringComparison.Ordinal);

        int requests = server.Requests.Count;
        Assert.Matches($@"acme/tiny/{GgufName} +gguf +\S+ kB +main +cc-by-nc-4.0 +20\d\d-", Succeed(server, "list"));
        JsonElement listed = Json(Succeed(server, "list", "--json")).GetProperty("models")[0];
        Assert.Equal(path, listed.GetProperty("path").GetString());
        string[] run = ["abc", "--raw", "--temperature", "0", "--max-tokens", "5"];
        Assert.Equal(Result(["run", TinyModel, .. run]), Succeed(server, ["run", "acme/tiny", .. run]));
        JsonElement shown = Json(Succeed(server, "show", $"acme/tiny/{GgufName}", "--json"));
        Assert.Equal(path, shown.GetProperty("file").GetString());
        Assert.Equal("cc-by-nc-4.0", shown.GetProperty("license").GetString());
        Assert.Equal(requests, server.Requests.Count);

        Assert.Equal((1, ""), Tell(Start(server, "n\n", "remove", "acme/tiny")));
        Assert.True(File.Exists(path));
        string removed = Tell(Start(server, "y\n", "remove", "acme/tiny")).Output;
        Assert.Contains("are free again", removed, StringComparison.Ordinal);
        Assert.Contains("no models in", Succeed(server, "list"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_made_of_a_pulled_model_says_its_name_and_no_folder()
    {
        using HubServer server = new();
        AddTiny(server);
        Succeed(server, "pull", "acme/tiny");
        string target = InFolder("made.gguf");

        Succeed(server, "quantize", $"acme/tiny/{GgufName}", "F16", "-o", target, "--no-measure");

        Assert.Equal(
            $"chaku quantize acme/tiny/{GgufName} F16 -o made.gguf --no-measure",
            Json(Result("show", target, "--json")).GetProperty("metadata").GetProperty("chaku.made_with").GetString());
    }

    [Fact]
    public void A_pull_for_scripts_is_one_object()
    {
        using HubServer server = new();
        AddTiny(server);
        JsonElement pulled = Json(Succeed(server, "pull", "acme/tiny", "--quant", "q4_k_m", "--json"));
        Assert.Equal("forbidden", pulled.GetProperty("commercial_use").GetString());
        Assert.Equal(2, pulled.GetProperty("files").GetArrayLength());
        Assert.True(File.Exists(pulled.GetProperty("path").GetString()));
        Assert.Equal(
            pulled.GetProperty("path").GetString() + "\n", Succeed(server, "pull", "acme/tiny", offline: true));
        // The file of the branch has the 40 digits of the commit.
        JsonElement removed = Json(Succeed(server, "remove", "acme/tiny", "--yes", "--json"));
        Assert.Equal(
            pulled.GetProperty("byte_length").GetInt64() + 40, removed.GetProperty("freed_byte_length").GetInt64());
    }

    [Fact]
    public void A_folder_beside_a_file_is_shown_by_its_path_and_offline_by_its_kind()
    {
        using HubServer server = new();
        HubServerModel model = AddTiny(server);
        foreach (string file in Directory.GetFiles(Fixtures.TestData("models", "folders", "llama3")))
        {
            if (Path.GetFileName(file) != "README.md")
            {
                model.With(Path.GetFileName(file), File.ReadAllBytes(file));
            }
        }

        server.Add(model);
        Succeed(server, "pull", "acme/tiny");
        string folder = Path.Combine(Folder, "hub", "models--acme--tiny", "snapshots", model.Commit);
        string[] pull = ["pull", "acme/tiny", "--weights", "safetensors"];
        Assert.EndsWith($"try       chaku show {folder}\n", Succeed(server, pull), StringComparison.Ordinal);
        Assert.Equal(folder + "\n", Succeed(server, pull, offline: true));
        Assert.Equal(Path.Combine(folder, GgufName) + "\n", Succeed(server, "pull", "acme/tiny", offline: true));
        JsonElement shown = Json(Succeed(server, "show", folder, "--json"));
        Assert.Equal("cc-by-nc-4.0", shown.GetProperty("license").GetString());
    }

    [Fact]
    public void What_was_not_pulled_says_how_and_nothing_is_asked_for_it()
    {
        using HubServer server = new();
        AddTiny(server);
        (int exitCode, string _, string error) = Wait(Start(server, "", "run", "acme/tiny", "abc"));
        Assert.Equal(
            (1, "chaku: acme/tiny: there is no such file, and no model of that name has been pulled " +
                "(chaku pull acme/tiny)\n"),
            (exitCode, error));
        (exitCode, _, error) = Wait(Start(server, "", ["pull", "acme/tiny"], offline: true));
        Assert.Equal(1, exitCode);
        Assert.Contains(
            "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE keeps it from being fetched", error, StringComparison.Ordinal);
        Assert.Equal("chaku: tiny: there is no such file\n", Wait(Start(server, "", "run", "tiny", "abc")).Error);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public void A_wrong_name_is_a_wrong_command_line()
    {
        Assert.Contains("OWNER/NAME", Refusal(ExitCodes.Usage, "pull", "ti ny"), StringComparison.Ordinal);
        string refusal = Refusal(ExitCodes.Usage, "pull", "a/b/c.gguf", "--quant", "Q8_0");
        Assert.Contains("--quant", refusal, StringComparison.Ordinal);
        Assert.Contains("OWNER/NAME", Refusal(ExitCodes.Usage, "remove", "../x"), StringComparison.Ordinal);
        Refusal(ExitCodes.Usage, "pull", "a/b", "--weights", "onnx");
        Refusal(ExitCodes.Usage, "pull", "a/b:Q4_K_M", "--weights", "safetensors");
        Refusal(ExitCodes.Usage, "pull", "a/b", "--weights", "safetensors", "--quant", "Q4_K_M");
        Refusal(ExitCodes.Usage, "pull", "a/b/c.gguf", "--weights", "safetensors");
        Refusal(ExitCodes.Usage, "pull", "a/b@v1", "--revision", "v2");
        Refusal(ExitCodes.Usage, "pull", "a/b", "--connections", "65");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_process_that_was_killed_or_stopped_goes_on_from_its_note(bool isKilled)
    {
        const int length = 80_000_000;
        const int sent = 18_000_000;
        using HubServer server = new();
        byte[] content = new byte[length];
        new Random(5).NextBytes(content);
        HubServerModel model = server.Add(new HubServerModel("acme/tiny").With(GgufName, content));
        server.Fault = request => request.IsStorage ? new HubServerFault { CutAfter = sent, Stalls = true } : null;
        using (Process process = Start(server, "", "pull", "acme/tiny"))
        {
            string blob = Path.Combine(
                Folder, "hub", "models--acme--tiny", "blobs", HubServerModel.EtagOf(content) + ".chaku");
            Assert.True(SpinWait.SpinUntil(() => Noted(blob) >= 4 * 16_000_000, 60_000), "no note was written");
            if (isKilled)
            {
                process.Kill();
                process.WaitForExit();
            }
            else
            {
                Process.Start("kill", ["-INT", $"{process.Id}"])!.WaitForExit();
                Assert.Equal(130, Wait(process).ExitCode);
            }
        }

        long before = server.SentByteLength;
        server.Fault = _ => null;
        Succeed(server, "pull", "acme/tiny");
        Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(
            Path.Combine(Folder, "hub", "models--acme--tiny", "snapshots", model.Commit, GgufName))));
        Assert.InRange(server.SentByteLength - before, 1, length - (4 * 16_000_000));
    }

    private static HubServerModel AddTiny(HubServer server) => server.Add(
        new HubServerModel("acme/tiny") { License = "cc-by-nc-4.0" }
            .With(GgufName, File.ReadAllBytes(TinyModel))
            .With("README.md", "---\nlicense: cc-by-nc-4.0\n---\nTiny.\n"));

    private static long Noted(string blob)
    {
        try
        {
            return File.ReadAllLines(blob + "-ranges.incomplete").Skip(3)
                .Select(line => line.Split(' ').Select(long.Parse).ToArray())
                .Sum(range => range[2] - range[0]);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static JsonElement Json(string output)
    {
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }

    private string Succeed(HubServer server, params string[] arguments) => Succeed(server, arguments, offline: false);

    private string Succeed(HubServer server, string command, string model, bool offline) =>
        Succeed(server, [command, model], offline);

    private string Succeed(HubServer server, string[] arguments, bool offline)
    {
        (int exitCode, string output, string error) = Wait(Start(server, "", arguments, offline));
        Assert.Equal((0, ""), (exitCode, error));
        return output;
    }

    private static (int ExitCode, string Output) Tell(Process process)
    {
        (int exitCode, string output, string _) = Wait(process);
        return (exitCode, output);
    }

    private static (int ExitCode, string Output, string Error) Wait(Process process)
    {
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    private Process Start(HubServer server, string input, params string[] arguments) =>
        Start(server, input, arguments, offline: false);

    private Process Start(HubServer server, string input, string[] arguments, bool offline)
    {
        ProcessStartInfo start = new("dotnet", [Program, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Folder,
        };
        string[] inherited =
            [.. start.Environment.Keys.Where(name => name.StartsWith("HF_", StringComparison.Ordinal))];
        Array.ForEach(inherited, name => start.Environment.Remove(name));

        start.Environment["HF_ENDPOINT"] = server.Endpoint;
        start.Environment["HF_HOME"] = Folder;
        start.Environment["HF_HUB_OFFLINE"] = offline ? "1" : "0";
        start.Environment["NO_PROXY"] = "*";
        Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return process;
    }
}
