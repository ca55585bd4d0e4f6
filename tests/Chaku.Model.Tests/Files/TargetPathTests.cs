using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>A source is safe under whatever name it is reached by.</summary>
public sealed class TargetPathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_source_is_found_behind_links_of_its_own_and_of_folders()
    {
        Directory.CreateDirectory(_folder["real"]);
        string source = _folder["real/model.gguf"];
        File.WriteAllText(source, "weights");
        File.CreateSymbolicLink(_folder["near.gguf"], "real/model.gguf");
        File.CreateSymbolicLink(_folder["far.gguf"], "near.gguf");
        Directory.CreateSymbolicLink(_folder["other"], "real");

        foreach (string target in (string[])["near.gguf", "far.gguf", "other/model.gguf", "real/../real/model.gguf"])
        {
            Refused("cannot take the place", () => TargetPath.RequireFile(_folder[target], replaces: true, source));
            Refused("cannot take the place", () => TargetPath.RequireFile(source, replaces: true, _folder[target]));
        }

        TargetPath.RequireFile(_folder["other/new.gguf"], replaces: false, source);
    }

    [Fact]
    public void A_file_of_a_source_folder_is_refused_and_a_new_one_in_it_is_not()
    {
        Directory.CreateDirectory(_folder["model"]);
        File.WriteAllText(_folder["model/a.gguf"], "weights");
        Directory.CreateSymbolicLink(_folder["link"], "model");

        string file = _folder["model/a.gguf"];
        Refused("which it is made from", () => TargetPath.RequireFile(_folder["link/a.gguf"], true, _folder["model"]));
        Refused("which it is made from", () => TargetPath.RequireFolder(file, true, _folder["link/"]));
        TargetPath.RequireFile(_folder["link/b.gguf"], false, _folder["model"]);
        TargetPath.RequireFolder(_folder["model/a"], false, _folder["link/"]);
        TargetPath.RequireFolder(_folder["model-2"], false, _folder["model"]);
    }

    [Fact]
    public void What_is_there_is_replaced_only_where_that_is_wanted()
    {
        File.WriteAllText(_folder["taken.gguf"], "mine");
        Directory.CreateDirectory(_folder["empty"]);

        Refused("--force", () => TargetPath.RequireFile(_folder["taken.gguf"], replaces: false));
        Refused("--force", () => TargetPath.RequireFolder(_folder.Path, replaces: false));
        Refused("is a file", () => TargetPath.RequireFolder(_folder["taken.gguf"], replaces: true));
        Refused("is a folder", () => TargetPath.RequireFile(_folder["empty"], replaces: true));
        Refused("folder does not exist", () => TargetPath.RequireFile(_folder["none/a.gguf"], replaces: true));
        Refused("folder does not exist", () => TargetPath.RequireFolder(_folder["none/a"], replaces: true));
        Refused("has no name", () => TargetPath.RequireFile("", replaces: true));
        TargetPath.RequireFile(_folder["taken.gguf"], replaces: true);
        TargetPath.RequireFolder(_folder["empty"], replaces: false);
    }

    [Fact]
    public void Links_in_a_circle_are_an_error_and_no_hang()
    {
        File.CreateSymbolicLink(_folder["a"], "b");
        File.CreateSymbolicLink(_folder["b"], "a");

        Refused("links", () => TargetPath.RequireFile(_folder["a"], replaces: true, _folder["c"]));
    }

    private static void Refused(string reason, Action action) =>
        Assert.Contains(reason, Assert.ThrowsAny<IOException>(action).Message, StringComparison.Ordinal);
}
