using Chaku.Model.Licenses;

namespace Chaku.Model.Tests.Licenses;

/// <summary>The table, and what people and files call its entries.</summary>
public sealed class KnownLicensesTests
{
    [Theory]
    [InlineData("apache-2.0", "Apache License", "Apache-2.0", "Apache License, Version 2.0", "apache 2.0")]
    [InlineData("mit", "MIT License", "The MIT License", "MIT")]
    [InlineData("bsd", "BSD 3-Clause License", "bsd-2-clause")]
    [InlineData("cc0-1.0", "CC0", "public domain", "Unlicense")]
    [InlineData("cc-by-4.0", "CC BY 4.0", "Creative Commons Attribution 4.0 International")]
    [InlineData("cc-by-sa-3.0", "CC-BY-SA-3.0")]
    [InlineData("cc-by-sa-4.0", "cc by sa 4.0")]
    [InlineData("cc-by-nc-4.0", "CC BY-NC 4.0")]
    [InlineData("odc-by", "ODC-BY-1.0")]
    [InlineData("gpl-3.0", "GNU GENERAL PUBLIC LICENSE", "GPL-3.0-only", "GPL-3.0-or-later")]
    [InlineData("agpl-3.0", "GNU AFFERO GENERAL PUBLIC LICENSE")]
    [InlineData("llama2", "LLAMA 2 COMMUNITY LICENSE AGREEMENT", "llama-2-community-license")]
    [InlineData("llama3", "META LLAMA 3 COMMUNITY LICENSE AGREEMENT", "llama3")]
    [InlineData("llama3.1", "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT")]
    [InlineData("llama3.2", "Llama 3.2 Community License Agreement")]
    [InlineData("llama3.3", "llama3.3")]
    [InlineData("gemma", "Gemma Terms of Use", "gemma")]
    [InlineData("bigscience-bloom-rail-1.0", "BigScience BLOOM RAIL 1.0", "BigScience RAIL License v1.0")]
    [InlineData("bigscience-openrail-m", "BigScience Open RAIL-M License")]
    [InlineData("falcon-180b", "FALCON 180B TII LICENSE VERSION 1.0", "falcon-180b-license")]
    public void Names_of_people_and_files_are_known(string id, params string[] names) => Assert.All(
        [id, .. names], name => Assert.Equal(id, KnownLicenses.Find(name)?.Id));

    [Theory]
    [InlineData("")]
    [InlineData("other")]
    [InlineData("unknown")]
    [InlineData("my own")]
    [InlineData("not apache-2.0")]
    [InlineData("apache-2.0 with exceptions")]
    [InlineData("cc-by-nc-4.0-but-free")]
    public void What_is_not_in_the_table_is_not_guessed(string name) =>
        Assert.Null(KnownLicenses.Find(name));

    [Fact]
    public void Every_name_is_written_as_it_is_looked_for_and_means_one_entry()
    {
        string[] names = [.. KnownLicenses.All.SelectMany(entry => entry.OtherNames.Prepend(entry.Id))];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(names, name => Assert.Equal(name, KnownLicenses.Normalise(name)));
        Assert.All(KnownLicenses.All.SelectMany(entry => entry.Clauses), clause =>
        {
            Assert.DoesNotContain('\n', clause.Sentence);
            Assert.NotEmpty(ResultLicense.NameOf(clause.Demand));
        });
    }
}
