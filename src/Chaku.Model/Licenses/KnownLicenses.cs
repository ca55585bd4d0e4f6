using System.Text;
using static Chaku.Model.Licenses.LicenseDemand;

namespace Chaku.Model.Licenses;

/// <summary>The table of licences that models and data are known to be under. A new one is an entry here.</summary>
/// <remarks>
/// Sources: the licences' own texts; identifiers: huggingface.co/docs/hub/repositories-licenses. A sentence says what
/// concerns a model that is passed on, and leaves out the rest.
/// </remarks>
internal static class KnownLicenses
{
    private static readonly LicenseClause NoTrade = new(
        NonCommercial, "It may not be used commercially.");

    private static readonly LicenseClause Credit = new(
        Attribution, "Name the authors and the licence, and say what you changed.");

    private static readonly LicenseClause Notices = new(
        Attribution, "Pass on the copyright notice and the licence's text.");

    private static readonly LicenseClause SameTerms = new(
        ShareAlike, "What is adapted from it is passed on under the same licence.");

    private static readonly LicenseClause WithSource = new(
        ShareAlike, "What is derived from it is passed on under the same licence, with everything that made it.");

    private static readonly LicenseClause NoChangedCopies = new(
        NoDerivatives, "What is adapted from it may not be passed on.");

    private static readonly LicenseClause Acceptable = new(
        UseRestrictions, "Its acceptable use policy binds you and everyone you pass it on to.");

    private static readonly LicenseClause ManyUsers = new(
        SeparateLicense, "With more than 700 million monthly users you need a licence from Meta.");

    private static readonly LicenseClause OnlyLlama = new(
        UseRestrictions, "It and its outputs may not improve language models other than Llama and its derivatives.");

    /// <summary>Every one that is known.</summary>
    public static IReadOnlyList<License> All { get; } =
    [
        new("apache-2.0", ["apache", "apache-2"],
        [
            new(Attribution, "Pass on the licence and the notices, a NOTICE file too, and say what you changed."),
        ]),
        new("mit", [], [Notices]),
        new("bsd", ["bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "isc"], [Notices]),
        new("bsl-1.0", ["boost-software-1.0"], [Notices]),
        new("afl-3.0", ["academic-free-3.0"], [Notices]),
        new("cc0-1.0", ["cc0", "unlicense", "public-domain", "pddl", "cc-pddc", "wtfpl"], []),
        new("cc-by-4.0",
            ["cc-by", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "creative-commons-attribution-4.0-international"],
            [Credit]),
        new("cc-by-sa-4.0", ["cc-by-sa", "creative-commons-attribution-sharealike-4.0-international"],
            [SameTerms, Credit]),
        new("cc-by-sa-3.0", ["cc-by-sa-2.0", "creative-commons-attribution-sharealike-3.0"], [SameTerms, Credit]),
        new("cc-by-nc-4.0", ["cc-by-nc", "cc-by-nc-2.0", "cc-by-nc-3.0"], [NoTrade, Credit]),
        new("cc-by-nc-sa-4.0", ["cc-by-nc-sa", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0"], [NoTrade, SameTerms, Credit]),
        new("cc-by-nd-4.0", ["cc-by-nd"], [NoChangedCopies, Credit]),
        new("cc-by-nc-nd-4.0", ["cc-by-nc-nd", "cc-by-nc-nd-3.0"], [NoTrade, NoChangedCopies, Credit]),
        new("odc-by", ["odc-by-1.0", "open-data-commons-attribution"], [Credit]),
        new("odbl", ["odbl-1.0", "open-database"], [SameTerms, Credit]),
        new("cdla-permissive-2.0", ["cdla-permissive-1.0"], [Notices]),
        new("cdla-sharing-1.0", [], [SameTerms, Notices]),
        new("gpl-3.0", ["gpl", "gpl-2.0", "gnu-general-public", "gnu-general-public-3.0"], [WithSource, Notices]),
        new("lgpl-3.0", ["lgpl", "lgpl-2.1", "gnu-lesser-general-public"], [WithSource, Notices]),
        new("agpl-3.0", ["agpl", "gnu-affero-general-public"],
        [
            new(ShareAlike,
                "What is derived from it is passed on under the same licence, with everything that made it, also to "
                + "those who use it over a network."),
            Notices,
        ]),
        new("llama-1", ["llama1", "llama-non-commercial", "llama-bespoke-non-commercial"],
            [NoTrade, new(UseRestrictions, "It is for research only.")]),
        new("llama2", ["llama-2", "llama-2-community"],
        [
            Acceptable, OnlyLlama, ManyUsers,
            LlamaNotice("Llama 2 is licensed under the LLAMA 2 Community License"),
        ]),
        new("llama3", ["llama-3", "llama-3-community", "meta-llama-3-community"],
        [
            Acceptable, OnlyLlama, ManyUsers,
            LlamaName("Built with Meta Llama 3", "Llama 3"),
            LlamaNotice("Meta Llama 3 is licensed under the Meta Llama 3 Community License"),
        ]),
        LlamaSince("3.1"),
        LlamaSince("3.2"),
        LlamaSince("3.3"),
        LlamaSince("4"),
        new("gemma", ["gemma-terms-of-use"],
        [
            new(UseRestrictions,
                "Google's Prohibited Use Policy binds you, and you bind everyone you pass it on to."),
            new(Attribution,
                "Pass on the terms, say what you changed, and a Notice file says: Gemma is provided under and subject "
                + "to the Gemma Terms of Use found at ai.google.dev/gemma/terms"),
        ]),
        new("bigscience-bloom-rail-1.0", ["bigscience-bloom-rail", "bigscience-rail-1.0", "bloom-rail-1.0"], Rail()),
        new("bigscience-openrail-m", ["bigscience-open-rail-m"], Rail()),
        new("openrail", ["openrail-m", "creativeml-openrail-m", "bigcode-openrail-m", "openrail++"], Rail()),
        new("falcon-180b", ["falcon-180b-tii", "falcon-180b-tii-1.0"],
        [
            Acceptable,
            new(SeparateLicense, "To host it for others as a service you need a licence from TII."),
            BuiltOnFalcon(),
            Notices,
        ]),
        new("falcon-llm", ["tii-falcon-llm", "tii-falcon", "tii-falcon-2.0"], [Acceptable, BuiltOnFalcon(), Notices]),
        new("tongyi-qianwen", ["qwen"],
        [
            new(SeparateLicense, "With more than 100 million monthly users you need a licence from Alibaba Cloud."),
            new(Naming, "What is distributed shows \"Built with Qwen\" or \"Improved using Qwen\"."),
            Notices,
        ]),
    ];

    /// <summary>The entry that a statement means; null where it is none that is known.</summary>
    public static License? Find(string statement)
    {
        string name = Normalise(statement);
        return All.FirstOrDefault(license => license.Id == name || license.OtherNames.Contains(name));
    }

    /// <summary>A licence's name in small letters with hyphens, without words that every licence's name has.</summary>
    public static string Normalise(string name)
    {
        StringBuilder letters = new();
        foreach (char letter in name)
        {
            bool isPart = char.IsAsciiLetterOrDigit(letter) || letter is '.' or '+';
            letters.Append(isPart ? char.ToLowerInvariant(letter) : ' ');
        }

        string[] words = letters.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return string.Join('-', words.Where(word => !IsFiller(word)).Select(WithoutV));
    }

    private static bool IsFiller(string word) =>
        word is "the" or "license" or "licence" or "agreement" or "version" or "only" or "or" or "later";

    private static string WithoutV(string word) =>
        word.Length > 1 && word[0] == 'v' && char.IsAsciiDigit(word[1]) ? word[1..] : word;

    private static License LlamaSince(string version) => new(
        $"llama{version}",
        [$"llama-{version}", $"llama-{version}-community"],
        [
            Acceptable, ManyUsers,
            LlamaName("Built with Llama", "Llama"),
            LlamaNotice($"Llama {version} is licensed under the Llama {version} Community License"),
        ]);

    private static LicenseClause LlamaName(string shown, string start) => new(
        Naming,
        $"What is passed on shows \"{shown}\", and a model made with it has a name that begins with \"{start}\".");

    private static LicenseClause LlamaNotice(string text) => new(
        Attribution,
        $"Pass on the licence's text, and a Notice file says: {text}, Copyright © Meta Platforms, Inc. All Rights "
        + "Reserved.");

    private static LicenseClause BuiltOnFalcon() => new(
        Naming,
        "What is passed on states that it is built using Falcon LLM technology from the Technology Innovation "
        + "Institute.");

    private static LicenseClause[] Rail() =>
    [
        new(UseRestrictions,
            "The uses that its attachment forbids are forbidden to you and to everyone you pass it on to, whom you "
            + "tell so."),
        new(Attribution, "Pass on the licence's text and the notices, and say what you changed."),
    ];
}
