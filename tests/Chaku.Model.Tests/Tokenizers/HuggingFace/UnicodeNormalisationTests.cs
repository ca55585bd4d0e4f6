using System.Globalization;
using System.Text;
using Chaku.Model.Tokenizers.HuggingFace.Normalisers;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers.HuggingFace;

public sealed class UnicodeNormalisationTests
{
    private static readonly UnicodeForm[] Forms =
    [
        UnicodeForm.Composed, UnicodeForm.Decomposed, UnicodeForm.CompatibilityComposed,
        UnicodeForm.CompatibilityDecomposed,
    ];

    [Fact]
    public void Unicodes_own_test_lines_hold()
    {
        foreach (string line in File.ReadLines(Fixtures.TestData("tokenizers", "normalisation.txt")))
        {
            if (line[0] == '#')
            {
                continue;
            }

            // The columns are a text and its four forms. The compatible forms of all five are the last two, and the
            // canonical forms of a column are those of its own half.
            string[] columns = [.. line.Split(';').Select(ToText)];
            for (int column = 0; column < columns.Length; column++)
            {
                bool isCompatible = column >= 3;
                string[] expected =
                    [columns[isCompatible ? 3 : 1], columns[isCompatible ? 4 : 2], columns[3], columns[4]];
                Assert.Equal(expected, Forms.Select(form => Apply(columns[column], form)));
            }
        }
    }

    [Fact]
    public void Normalising_twice_is_normalising_once_and_composing_undoes_decomposing() =>
        Gen.Char.Array[0, 40].Sample(letters =>
        {
            string text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(letters));
            foreach (UnicodeForm form in Forms)
            {
                string once = Apply(text, form);
                Assert.Equal(once, Apply(once, form));
            }

            Assert.Equal(
                Apply(text, UnicodeForm.Composed), Apply(Apply(text, UnicodeForm.Decomposed), UnicodeForm.Composed));
        });

    [Fact]
    public void A_long_run_of_marks_is_put_in_order_in_no_time()
    {
        string marks = string.Concat(Enumerable.Repeat("\u0301\u0316", 1 << 17));

        string ordered = Apply("a" + marks, UnicodeForm.Decomposed);

        Assert.Equal("a" + new string('\u0316', 1 << 17) + new string('\u0301', 1 << 17), ordered);
    }

    private static string ToText(string column) => string.Concat(column.Split(' ').Select(static digits =>
        char.ConvertFromUtf32(int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture))));

    private static string Apply(string text, UnicodeForm form) =>
        Encoding.UTF8.GetString(UnicodeNormalisation.Apply(Encoding.UTF8.GetBytes(text), form));
}
