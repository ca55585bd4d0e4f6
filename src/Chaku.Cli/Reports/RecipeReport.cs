using Chaku.Training;

namespace Chaku.Cli.Reports;

/// <summary>What a recipe set, and what stands against it.</summary>
internal static class RecipeReport
{
    /// <summary>Says it on standard error.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="fit">What it sets for this model.</param>
    /// <param name="options">What is taken.</param>
    public static void Print(Terminal terminal, TuneRecipe recipe, RecipeFit fit, TuneOptions options)
    {
        Dictionary<string, string> taken = ByName(options);
        List<string> set = [];
        List<string> replaced = [];
        foreach ((string name, string text) in TuneFields.Of(fit.Options).Where(field => field.Name != "recipe"))
        {
            string said = $"{name} {text}";
            (taken.GetValueOrDefault(name) == text ? set : replaced).Add(said);
        }

        terminal.Error.WriteLine($"recipe {recipe.Name} ({recipe.Source}): {string.Join(", ", set)}");
        if (replaced.Count > 0)
        {
            terminal.Error.WriteLine(
                $"not taken from the recipe, since you say otherwise: {string.Join(", ", replaced)}");
        }

        Dictionary<string, string> fitted = ByName(fit.Options);
        foreach (RecipeNotice notice in fit.Notices)
        {
            if (taken.GetValueOrDefault(notice.Field) == fitted.GetValueOrDefault(notice.Field))
            {
                terminal.Warn($"recipe {recipe.Name}: {notice.Text}");
            }
        }
    }

    private static Dictionary<string, string> ByName(TuneOptions options) =>
        TuneFields.Of(options).ToDictionary(field => field.Name, field => field.Text);
}
