using Chaku.Model.Files;

namespace Chaku.Model.Tests.Files;

/// <summary>Metadata are read as the type that is wanted of them, or refused by name.</summary>
public sealed class MetadataTests
{
    public static TheoryData<object> Integers =>
        [(byte)7, (sbyte)7, (ushort)7, (short)7, 7u, 7, 7ul, 7L];

    [Theory]
    [MemberData(nameof(Integers))]
    public void An_integer_of_any_width_is_an_integer(object stored)
    {
        MetadataValue value = Stored(stored);

        Assert.Equal(7L, value.AsInt64());
        Assert.Equal(7, value.AsInt32());
        Assert.Throws<ModelFormatException>(() => value.AsSingle());
        Assert.Throws<ModelFormatException>(() => value.AsBool());
        Assert.Throws<ModelFormatException>(() => value.AsString());
        Assert.Throws<ModelFormatException>(() => value.AsInt32s());
    }

    [Fact]
    public void An_integer_out_of_range_is_refused_with_its_value()
    {
        Assert.Equal(4_294_967_295L, Stored(uint.MaxValue).AsInt64());
        Refused("4294967295", () => Stored(uint.MaxValue).AsInt32());
        Refused("18446744073709551615", () => Stored(ulong.MaxValue).AsInt64());
        Refused("element 1", () => Stored(new[] { 1L, 1L << 40 }).AsInt32s());
    }

    [Fact]
    public void Arrays_of_any_width_are_read()
    {
        Assert.Equal([1, 2], Stored(new short[] { 1, 2 }).AsInt32s());
        Assert.Equal([1L, uint.MaxValue], Stored(new[] { 1u, uint.MaxValue }).AsInt64s());
        Assert.Equal([0.5f, 2f], Stored(new[] { 0.5, 2.0 }).AsSingles());
        Assert.Equal([true, false], Stored(new[] { true, false }).AsBools());
        Assert.Equal(2, Stored(new[] { true, false }).Length);
        Assert.Throws<ModelFormatException>(() => Stored(new[] { 1, 2 }).AsSingles());
        Assert.Throws<ModelFormatException>(() => Stored(new[] { 1, 2 }).AsStrings());
    }

    [Fact]
    public void Strings_keep_their_bytes_where_they_are_no_text()
    {
        MetadataValue value = Stored(new byte[][] { [0x61, 0xff], [], [0xe2, 0x96, 0x81] });

        Assert.Equal(["a\ufffd", "", "▁"], value.AsStrings());
        Assert.Equal([0x61, 0xff], value.AsByteStrings()[0]);
        Assert.Equal("é", Stored("é").AsString());
        Assert.Equal([0xc3, 0xa9], Stored("é").AsBytes());
    }

    [Fact]
    public void A_missing_key_is_named()
    {
        Metadata metadata = new("model.gguf");

        Refused("'llama.block_count'", () => metadata["llama.block_count"]);
        Assert.Null(metadata.Find("llama.block_count"));
        Assert.False(metadata.TryGetString("general.name", out _));
        metadata.Add("general.name", "a name");
        Assert.True(metadata.TryGetString("general.name", out string? name));
        Assert.Equal("a name", name);
    }

    private static MetadataValue Stored(object content)
    {
        Metadata metadata = new("model.gguf");
        metadata.Add("key", content);
        return metadata["key"];
    }

    private static void Refused(string said, Func<object> read) =>
        Assert.Contains(said, Assert.Throws<ModelFormatException>(read).Message, StringComparison.Ordinal);
}
