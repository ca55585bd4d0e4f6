namespace Chaku.Model.Generation.Samplers;

/// <summary>One step from logits to a token: an entry of <see cref="Samplers.All"/>.</summary>
internal abstract class Sampler
{
    /// <summary>Its name in the field.</summary>
    public abstract string Name { get; }

    /// <summary>Whether these options ask for it.</summary>
    public abstract bool IsActive(GenerationOptions options);

    /// <summary>Changes scores, or cuts the list.</summary>
    /// <param name="candidates">The tokens that may come next.</param>
    /// <param name="history">The tokens before.</param>
    /// <param name="options">How much.</param>
    public abstract void Apply(Candidates candidates, TokenHistory history, GenerationOptions options);
}
