namespace Chaku.Model.Generation;

/// <summary>A token that may come next. Sorts by score, the best first; of equals the one with the lower id.</summary>
/// <param name="Id">The token.</param>
/// <param name="Score">Its logit, as samplers have left it.</param>
internal readonly record struct Candidate(int Id, float Score) : IComparable<Candidate>
{
    /// <inheritdoc/>
    public int CompareTo(Candidate other)
    {
        int order = other.Score.CompareTo(Score);
        return order != 0 ? order : Id.CompareTo(other.Id);
    }
}
