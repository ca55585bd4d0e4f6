namespace Chaku.Model.Licenses;

/// <summary>What a licence may ask for, the gravest first.</summary>
internal enum LicenseDemand
{
    /// <summary>No commercial use.</summary>
    NonCommercial,

    /// <summary>No changed copies are passed on.</summary>
    NoDerivatives,

    /// <summary>Changed copies are passed on under the same terms, source included where there is one.</summary>
    ShareAlike,

    /// <summary>Some uses are forbidden, and must be forbidden to those who come after.</summary>
    UseRestrictions,

    /// <summary>Those with very many users, or who host it for others, need a licence of their own.</summary>
    SeparateLicense,

    /// <summary>A name that must be shown, or with which the result's own name must begin.</summary>
    Naming,

    /// <summary>Notices and the licence's text are passed on.</summary>
    Attribution,
}

/// <summary>A demand in words.</summary>
/// <param name="Demand">Its kind.</param>
/// <param name="Sentence">What is to be done, in a sentence.</param>
internal sealed record LicenseClause(LicenseDemand Demand, string Sentence);

/// <summary>A licence, as far as it bears on a model made from what is under it.</summary>
/// <param name="Id">Its identifier on Hugging Face, or one like it.</param>
/// <param name="OtherNames">Other names, as <see cref="KnownLicenses.Normalise"/> writes them.</param>
/// <param name="Clauses">What it asks for.</param>
internal sealed record License(string Id, IReadOnlyList<string> OtherNames, IReadOnlyList<LicenseClause> Clauses)
{
    /// <summary>Whether it asks for this.</summary>
    public bool Demands(LicenseDemand demand) => Clauses.Any(clause => clause.Demand == demand);
}
