using System.Diagnostics;
using Chaku.Model.Templates;

namespace Chaku.Model.Tests.Templates.Jinja;

/// <summary>Templates that would run for ever, take all memory, or look where they may not.</summary>
public sealed class JinjaHostileTests
{
    private const string Endless = "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}";

    public static TheoryData<string, string> Hostile => new()
    {
        { Endless, "steps" },
        { "{% for i in range(10 ** 12) %}x{% endfor %}", "range" },
        { "{% for i in range(-9223372036854775807, 9223372036854775807) %}x{% endfor %}", "range" },
        { "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "inside each other" },
        { "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "inside each other" },
        { "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}", "steps" },
        { "{% for i in range(1000) %}{{ 'x' * 10000 }}{% endfor %}", "" },
        { "{{ 'x' * 10000000 }}", "characters" },
        { "{{ 'x' * 10 ** 9 }}", "characters" },
        { "{{ 'xx' * 9223372036854775807 }}", "characters" },
        { "{{ [0] * 10 ** 9 }}", "items" },
        { "{{ ([0] * 1000000)|tojson(indent=9) }}", "" },
        { Repeat("ns.x = ns.x + ns.x", "'xx'"), "characters" },
        { Repeat("ns.x = ns.x ~ ns.x", "'xx'"), "characters" },
        { Repeat("ns.x = ns.x + ns.x", "[1]"), "" },
        { Repeat("ns.x = [ns.x]", "[1]"), "lists inside each other" },
        { "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
            + "{{ ns.x }}", "" },
        { "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
            + "{{ ns.x|tojson }}", "" },
        { "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}"
            + "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}", "steps" },
        { "{% set ns = namespace() %}{% set ns.x = ns %}{{ [ns] }}{{ ns }}", "namespace" },
        { "{{ 10 ** 100 }}", "64 bits" },
        { "{{ 9999999999999999999 ** 9999999999 }}", "64 bits" },
        { "{{ 9223372036854775807 + 1 }}", "64 bits" },
        { "{{ (-9223372036854775807 - 1) // -1 }}", "64 bits" },
        { "{{ '%1000000000d' % 1 }}", "characters" },
        { "{{ '%.1000000000f' % 1 }}{{ '{:1000000000}'.format(1) }}", "characters" },
        { "{{ 'a'|center(1000000000) }}", "characters" },
        { "{{ 'a'.ljust(1000000000) }}", "characters" },
        { "{{ 'a'|indent(1000000000, true) }}", "characters" },
        { "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}", "characters" },
        { "{{ ('a' * 4000)|replace('', 'b' * 4000) }}", "characters" },
        { "{{ [1]|batch(1000000000, 0)|list }}", "items" },
        { "{{ [1]|slice(1000000000)|list }}", "items" },
        { "{{ ''.__class__ }}", "unsafe" },
        { "{{ ''['__class__'].__mro__ }}", "unsafe" },
        { "{{ ''|attr('__class__') }}", "unsafe" },
        { "{{ ['']|map(attribute='__class__')|list }}", "unsafe" },
        { "{{ '{0.__class__}'.format('') }}", "unsafe" },
        { "{{ namespace.__init__.__globals__ }}", "unsafe" },
        { "{{ [].append(1) }}", "never change" },
        { "{% include '/etc/passwd' %}", "not supported" },
        { "{{ x.y.z }}", "line 1: 'x' is undefined" },
        { "\n\n{{ raise_exception('No\nway') }}", "refuses this: No way" },
    };

    public static TheoryData<string, string> Deep => new()
    {
        { new string('(', 100_000) + "1" + new string(')', 100_000), "inside each other" },
        { new string('[', 100_000) + new string(']', 100_000), "inside each other" },
        { new string('(', 100_000), "" },
        { Many("{'a':"), "" },
        { Many("not ") + "1", "inside each other" },
        { Many("- ") + "1", "inside each other" },
        { "1" + Many(" + 1"), "inside each other" },
        { "1" + Many("|abs"), "inside each other" },
        { "x" + Many(".x"), "inside each other" },
        { "x" + Many("[0]"), "inside each other" },
        { "x" + Many("()"), "inside each other" },
        { Many("1 if 1 else ") + "1", "inside each other" },
        { Many("f("), "" },
        { "1" + Many(" and 1"), "inside each other" },
        { "1" + Many(" ** 1"), "inside each other" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_template_is_refused_within_a_second(string template, string reason) =>
        AssertRefused(template, reason);

    [Theory]
    [MemberData(nameof(Deep))]
    public void Deep_nesting_is_refused_within_a_second(string expression, string reason) =>
        AssertRefused($"{{{{ {expression} }}}}", reason);

    [Theory]
    [InlineData("{% if 1 %}", "inside each other")]
    [InlineData("{% for i in [1] %}", "inside each other")]
    [InlineData("{% macro m() %}", "inside each other")]
    [InlineData("{% set x %}", "inside each other")]
    [InlineData("{% raw %}", "does not end")]
    [InlineData("{#", "does not end")]
    [InlineData("{{ 'a", "")]
    [InlineData("{%", "")]
    public void Blocks_without_end_are_refused_within_a_second(string block, string reason) =>
        AssertRefused(string.Concat(Enumerable.Repeat(block, 250_000 / block.Length)), reason);

    [Fact]
    public void A_source_that_is_too_long_is_refused() => AssertRefused(new string('x', 300_000), "over 262144");

    private static string Many(string part) =>
        string.Concat(Enumerable.Repeat(part, Math.Min(100_000, 250_000 / part.Length)));

    // A loop of so many turns that each squares or wraps the variable.
    private static string Repeat(string assignment, string start) =>
        $"{{% set ns = namespace(x={start}) %}}{{% for i in range(1000) %}}{{% set {assignment} %}}{{% endfor %}}";

    private static void AssertRefused(string template, string reason)
    {
        // The best of several times: others work on the same machine.
        TimeSpan best = TimeSpan.MaxValue;
        for (int attempt = 0; attempt < 5 && best > TimeSpan.FromSeconds(1); attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            ChatTemplateException exception = Assert.Throws<ChatTemplateException>(() => JinjaValues.Render(template));
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            best = elapsed < best ? elapsed : best;

            Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', exception.Message);
        }

        Assert.True(best < TimeSpan.FromSeconds(1), $"refused after {best.TotalSeconds:F2} s");
    }
}
