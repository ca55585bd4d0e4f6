namespace Chaku.Model.Licenses;

/// <summary>What a model may be used for, as far as the licence that it states is known.</summary>
/// <remarks>It comes from <see cref="KnownLicenses.All"/> and is no legal advice, as it says itself.</remarks>
internal sealed record LicenseTerms
{
    private const StringSplitOptions Parting = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    private LicenseTerms(CommercialUse commercial, IReadOnlyList<string> sentences)
    {
        Commercial = commercial;
        Sentences = sentences;
    }

    /// <summary>Whether it may be used commercially.</summary>
    public CommercialUse Commercial { get; }

    /// <summary>What is asked for, in plain sentences, one a line.</summary>
    public IReadOnlyList<string> Sentences { get; }

    /// <summary>Looks a statement up; several licences have commas between.</summary>
    /// <param name="statement">What is stated; null where nothing is.</param>
    public static LicenseTerms Of(StatedLicense? statement)
    {
        if (statement is null)
        {
            return new LicenseTerms(
                CommercialUse.Unknown, ["Nothing states a licence: without one, nothing is permitted to you."]);
        }

        string[] names = KnownLicenses.Find(statement.Name) is null
            ? statement.Name.Split(',', Parting)
            : [statement.Name];
        License?[] licenses = [.. names.Select(KnownLicenses.Find)];
        CommercialUse commercial = licenses.Any(license => license?.Demands(LicenseDemand.NonCommercial) == true)
            ? CommercialUse.Forbidden
            : licenses.Contains(null) ? CommercialUse.Unknown : CommercialUse.Allowed;
        IEnumerable<string> sentences = names.Zip(licenses).SelectMany(entry => entry.Second is { } known
            ? known.Clauses.Select(clause => clause.Sentence)
            : [$"The licence {ModelFormatException.Quote(entry.First)} is not in the table; read it."]);
        return new LicenseTerms(
            commercial,
            [.. sentences.Distinct(), "This comes from a table of licences and is no legal advice."]);
    }
}
