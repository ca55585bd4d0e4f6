namespace Chaku.Model.Licenses;

/// <summary>Whether something may be used commercially.</summary>
internal enum CommercialUse
{
    /// <summary>Yes, on the conditions that there are.</summary>
    Allowed,

    /// <summary>No.</summary>
    Forbidden,

    /// <summary>Not known: a licence is not stated, or is none of the table.</summary>
    Unknown,
}

/// <summary>What applies to a model made from a base and data, as far as their licences are known.</summary>
/// <remarks>It comes from <see cref="KnownLicenses.All"/> and is no legal advice, as it says itself.</remarks>
internal sealed class ResultLicense
{
    private const string Unstated = "unknown";
    private const StringSplitOptions Parting = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    private ResultLicense(IReadOnlyList<Part> parts)
    {
        Demands =
        [
            .. parts.SelectMany(part => part.Known).SelectMany(license => license.Clauses)
                .Select(clause => clause.Demand).Distinct().Order(),
        ];
        Commercial = Demands.Contains(LicenseDemand.NonCommercial)
            ? CommercialUse.Forbidden
            : parts.Any(part => part.Unknown.Count > 0) ? CommercialUse.Unknown : CommercialUse.Allowed;
        Sentences =
        [
            Verdict(parts),
            .. parts.SelectMany(part => part.Sentences()),
            .. Conflicts(parts),
            "This comes from a table of licences and is no legal advice.",
        ];
    }

    /// <summary>Whether it may be used commercially.</summary>
    public CommercialUse Commercial { get; }

    /// <summary>What is asked for, each kind once, the gravest first.</summary>
    public IReadOnlyList<LicenseDemand> Demands { get; }

    /// <summary>The same in plain sentences, one a line.</summary>
    public IReadOnlyList<string> Sentences { get; }

    /// <summary>In one line, for files: <c>commercial use forbidden: non-commercial, attribution</c>.</summary>
    public string Summary
    {
        get
        {
            string use = $"commercial use {Commercial.ToString().ToLowerInvariant()}";
            return Demands.Count == 0 ? use : $"{use}: {string.Join(", ", Demands.Select(NameOf))}";
        }
    }

    /// <summary>Works it out.</summary>
    /// <param name="baseLicense">
    /// The base's licence as stated, or several with commas between; null where it is unknown.
    /// </param>
    /// <param name="dataLicense">The same of the data.</param>
    public static ResultLicense Of(string? baseLicense, string? dataLicense) =>
        new([Part.Of("base", "is", baseLicense), Part.Of("data", "are", dataLicense)]);

    /// <summary>Works it out for a base and an adapter whose data are not known.</summary>
    /// <param name="baseLicense">The base's licence, as for <see cref="Of"/>.</param>
    /// <param name="adapterLicense">The same of the adapter.</param>
    public static ResultLicense OfAdapter(string? baseLicense, string? adapterLicense) =>
        new([Part.Of("base", "is", baseLicense), Part.Of("adapter", "is", adapterLicense)]);

    /// <summary>The name of a demand in files: <c>share-alike</c>.</summary>
    public static string NameOf(LicenseDemand demand) => demand switch
    {
        LicenseDemand.NonCommercial => "non-commercial",
        LicenseDemand.NoDerivatives => "no-derivatives",
        LicenseDemand.ShareAlike => "share-alike",
        LicenseDemand.UseRestrictions => "use-restrictions",
        LicenseDemand.SeparateLicense => "separate-license",
        LicenseDemand.Naming => "naming",
        LicenseDemand.Attribution => "attribution",
        _ => throw new ArgumentOutOfRangeException(nameof(demand), demand, "not a demand"),
    };

    private string Verdict(IReadOnlyList<Part> parts)
    {
        switch (Commercial)
        {
            case CommercialUse.Forbidden:
                IEnumerable<string> causes =
                    from part in parts
                    from license in part.Known
                    where license.Demands(LicenseDemand.NonCommercial)
                    select $"the {part.Name} {part.Verb} under {license.Id}";
                return $"Commercial use of the result is not allowed: {string.Join(", ", causes)}.";
            case CommercialUse.Unknown:
                return "Whether the result may be used commercially is not known: "
                    + string.Join(", ", parts.Where(part => part.Unknown.Count > 0).Select(part => part.Doubt())) + ".";
            default:
                return Demands.Count == 0
                    ? "Commercial use of the result is allowed, and nothing is asked for."
                    : "Commercial use of the result is allowed on these conditions.";
        }
    }

    private static IEnumerable<string> Conflicts(IReadOnlyList<Part> parts)
    {
        License[] known = [.. parts.SelectMany(part => part.Known).Distinct()];
        foreach (License free in known.Where(license => license.Demands(LicenseDemand.ShareAlike)))
        {
            foreach (License narrow in known.Where(license => license.Clauses.Any(Narrows) && license != free))
            {
                yield return $"{free.Id} asks for its own terms and no further ones, and {narrow.Id} adds some: they "
                    + "may not go together in what you pass on.";
            }
        }

        static bool Narrows(LicenseClause clause) => clause.Demand is LicenseDemand.NonCommercial
            or LicenseDemand.UseRestrictions or LicenseDemand.SeparateLicense or LicenseDemand.ShareAlike;
    }

    // What one of the two is under; what is not known is there as it was stated.
    private sealed record Part(string Name, string Verb, IReadOnlyList<License> Known, IReadOnlyList<string> Unknown)
    {
        public static Part Of(string name, string verb, string? statement)
        {
            List<License> known = [];
            List<string> unknown = [];
            string[] statements = statement is not null && KnownLicenses.Find(statement) is not null
                ? [statement]
                : (statement ?? "").Split(',', Parting);
            foreach (string text in statements)
            {
                if (KnownLicenses.Find(text) is not { } license)
                {
                    unknown.Add(text is "other" ? Unstated : text);
                }
                else if (!known.Contains(license))
                {
                    known.Add(license);
                }
            }

            if (known.Count + unknown.Count == 0)
            {
                unknown.Add(Unstated);
            }

            return new Part(name, verb, known, unknown);
        }

        public IEnumerable<string> Sentences() =>
        [
            .. Known.SelectMany(license => license.Clauses.Select(
                clause => $"{Heading} ({license.Id}): {clause.Sentence}")),
            .. Unknown.Select(text => text == Unstated
                ? $"{Heading}: nothing states the licence."
                : $"{Heading}: the licence {ModelFormatException.Quote(text)} is not in the table; read it."),
        ];

        public string Doubt() => Unknown.Contains(Unstated)
            ? $"nothing states the licence of the {Name}"
            : $"the licence of the {Name}, {ModelFormatException.Quote(Unknown[0])}, is not in the table";

        private string Heading => char.ToUpperInvariant(Name[0]) + Name[1..];
    }
}
