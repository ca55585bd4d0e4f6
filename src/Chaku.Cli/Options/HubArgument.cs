using System.CommandLine;
using Chaku.Model.Hub;

namespace Chaku.Cli.Options;

/// <summary>A model on the Hub, by its name there.</summary>
internal static class HubArgument
{
    /// <summary>The argument that names it.</summary>
    public static Argument<string> Create(string description) =>
        new("MODEL") { Description = $"{description} {HubReference.Form}." };

    /// <summary>Reads it.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="cache">The cache that the model is to be in; null where it is on the Hub.</param>
    /// <exception cref="UsageException">It is no such name.</exception>
    public static HubReference Read(string text, HubCache? cache = null) =>
        (cache is null ? HubReference.TryParse(text) : HubReference.TryParse(text, cache))
            ?? throw new UsageException($"a model on the Hub is named {HubReference.Form}, not '{text}'");
}
