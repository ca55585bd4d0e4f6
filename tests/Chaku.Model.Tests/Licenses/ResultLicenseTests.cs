using Chaku.Model.Licenses;

namespace Chaku.Model.Tests.Licenses;

public sealed class ResultLicenseTests
{
    [Theory]
    [InlineData("apache-2.0", "mit", "commercial use allowed: attribution")]
    [InlineData("cc0-1.0", "public domain", "commercial use allowed")]
    [InlineData("apache-2.0", "cc-by-nc-4.0", "commercial use forbidden: non-commercial, attribution")]
    [InlineData("apache-2.0", "cc-by-sa-3.0", "commercial use allowed: share-alike, attribution")]
    [InlineData("llama-1", "mit", "commercial use forbidden: non-commercial, use-restrictions, attribution")]
    [InlineData(
        "llama2", "mit", "commercial use allowed: use-restrictions, separate-license, attribution")]
    [InlineData(
        "llama3.1", "mit", "commercial use allowed: use-restrictions, separate-license, naming, attribution")]
    [InlineData(
        "llama3", "cc-by-nc-4.0",
        "commercial use forbidden: non-commercial, use-restrictions, separate-license, naming, attribution")]
    [InlineData("bigscience-bloom-rail-1.0", "mit", "commercial use allowed: use-restrictions, attribution")]
    [InlineData("falcon-180b", null, "commercial use unknown: use-restrictions, separate-license, naming, attribution")]
    [InlineData(null, "mit", "commercial use unknown: attribution")]
    [InlineData(null, null, "commercial use unknown")]
    [InlineData(null, "cc-by-nc-4.0", "commercial use forbidden: non-commercial, attribution")]
    [InlineData("apache-2.0, cc-by-nc-4.0", "mit", "commercial use forbidden: non-commercial, attribution")]
    [InlineData("apache-2.0", "mit, my own", "commercial use unknown: attribution")]
    [InlineData("apache-2.0", "other", "commercial use unknown: attribution")]
    [InlineData("Apache License, Version 2.0", " , ", "commercial use unknown: attribution")]
    public void It_is_worked_out_from_both(string? baseLicense, string? dataLicense, string expected) =>
        Assert.Equal(expected, ResultLicense.Of(baseLicense, dataLicense).Summary);

    [Fact]
    public void The_sentences_say_who_asks_for_what_and_that_they_are_no_advice()
    {
        IReadOnlyList<string> said = ResultLicense.Of("llama3", "cc-by-nc-4.0").Sentences;
        Assert.Equal("Commercial use of the result is not allowed: the data are under cc-by-nc-4.0.", said[0]);
        Assert.Contains(said, line => line.StartsWith("Base (llama3): ", StringComparison.Ordinal)
            && line.Contains("\"Built with Meta Llama 3\"", StringComparison.Ordinal)
            && line.Contains("begins with \"Llama 3\"", StringComparison.Ordinal));
        Assert.Contains("Data (cc-by-nc-4.0): It may not be used commercially.", said);
        Assert.Contains("no legal advice", said[^1], StringComparison.Ordinal);
        Assert.Contains(
            ResultLicense.Of("llama3.3", "mit").Sentences,
            line => line.Contains("begins with \"Llama\"", StringComparison.Ordinal));
        Assert.Contains(
            ResultLicense.Of("llama2", "mit").Sentences,
            line => line.Contains("700 million", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_not_stated_and_what_is_not_known_are_told_apart()
    {
        IReadOnlyList<string> said = ResultLicense.Of(null, "my own").Sentences;
        Assert.Equal(
            "Whether the result may be used commercially is not known: nothing states the licence of the base, "
            + "the licence of the data, 'my own', is not in the table.",
            said[0]);
        Assert.Contains("Base: nothing states the licence.", said);
        Assert.Contains("Data: the licence 'my own' is not in the table; read it.", said);
    }

    [Theory]
    [InlineData("llama2", "cc-by-sa-3.0", true)]
    [InlineData("gpl-3.0", "cc-by-nc-4.0", true)]
    [InlineData("apache-2.0", "cc-by-sa-4.0", false)]
    [InlineData("mit", "apache-2.0", false)]
    [InlineData("gpl-3.0", "gpl-3.0", false)]
    public void Terms_that_may_not_go_together_are_named(string baseLicense, string dataLicense, bool isNamed) =>
        Assert.Equal(isNamed, ResultLicense.Of(baseLicense, dataLicense).Sentences.Any(
            line => line.Contains("may not go together", StringComparison.Ordinal)));

    [Fact]
    public void A_stated_flood_stays_short()
    {
        string flood = string.Join(", ", Enumerable.Repeat("\u001b[31m", 100));
        Assert.All(
            ResultLicense.Of(flood, new string('x', 100_000)).Sentences,
            line => Assert.InRange(line.Length, 1, 300));
    }
}
