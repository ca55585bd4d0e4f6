namespace Chaku.Model.Templates.Jinja;

/// <summary>Where a character of rendered text comes from.</summary>
/// <param name="Source">
/// The number of the message whose words it is of, from 1; or <see cref="TemplateSource"/>, <see cref="BosSource"/>,
/// <see cref="EosSource"/>.
/// </param>
/// <param name="IsGenerated">Whether a <c>generation</c> block wrote it: the model says it.</param>
internal readonly record struct Origin(int Source, bool IsGenerated = false)
{
    /// <summary>The template's own words.</summary>
    public const int TemplateSource = 0;

    /// <summary>The variable <c>bos_token</c>.</summary>
    public const int BosSource = -1;

    /// <summary>The variable <c>eos_token</c>.</summary>
    public const int EosSource = -2;

    /// <summary>The template's own words.</summary>
    public static readonly Origin Template = new(TemplateSource);

    /// <summary>Whether somebody's words it is of.</summary>
    public bool IsContent => Source > 0;
}
