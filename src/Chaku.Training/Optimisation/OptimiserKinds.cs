using Chaku.Training.Gradients;

namespace Chaku.Training.Optimisation;

/// <summary>An optimiser: an entry of <see cref="OptimiserKinds.All"/>.</summary>
/// <param name="Name">The name that a command line takes.</param>
/// <param name="CreateMoments">Its running means for a tensor, zero at first.</param>
internal sealed record OptimiserKind(string Name, Func<TrainedTensor, TensorMoments> CreateMoments);

/// <summary>The table of optimisers. A new one is one line here.</summary>
internal static class OptimiserKinds
{
    /// <summary>Every optimiser; the first is the default.</summary>
    public static readonly IReadOnlyList<OptimiserKind> All =
    [
        new("adamw", tensor => new SingleMoments(tensor)),
        new("adamw-8bit", tensor => new ByteMoments(tensor)),
    ];
}
