using Chaku.Model.Conversion;
using Chaku.Model.Files;

namespace Chaku.Model.Tests.Conversion;

/// <summary>Runs conversions for tests, and compares files by what is in them.</summary>
internal static class Converted
{
    /// <summary>Converts without a cache of hashes.</summary>
    public static ConversionResult Run(
        string source, string target, Func<ConversionOptions, ConversionOptions>? change = null)
    {
        ConversionOptions options = new(source, target)
        {
            Command = "chaku convert",
            ThreadCount = 2,
            Hashes = new ContentHashCache(null, TimeProvider.System),
        };
        return ModelConversion.Run(change is null ? options : change(options));
    }

    /// <summary>Asserts that two GGUF files have the same tensors to the bit, in any order.</summary>
    public static void AssertSameTensors(string expected, string actual)
    {
        using GgufFile reference = GgufFile.Open(expected);
        using GgufFile written = GgufFile.Open(actual);
        Assert.Equal(
            reference.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            written.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (GgufTensor tensor in reference.Tensors)
        {
            GgufTensor other = written[tensor.Name];
            Assert.Equal(tensor.Dimensions, other.Dimensions);
            Assert.Equal(tensor.Format.Name, other.Format.Name);
            Assert.True(
                reference.Bytes(tensor, 0, (int)tensor.ByteLength)
                    .SequenceEqual(written.Bytes(other, 0, (int)other.ByteLength)),
                $"{tensor.Name} differs");
        }
    }

    /// <summary>Asserts that each setting of the reference but one is in the other file with the same value.</summary>
    public static void AssertHasSettings(string expected, string actual, string except = "")
    {
        using GgufFile reference = GgufFile.Open(expected);
        using GgufFile written = GgufFile.Open(actual);
        string architecture = reference.Metadata["general.architecture"].AsString();
        string[] keys = ["general.architecture", "general.file_type"];
        Assert.All(
            reference.Metadata.Where(value => value.Key != except)
                .Where(value => keys.Contains(value.Key)
                    || value.Key.StartsWith(architecture + ".", StringComparison.Ordinal)),
            value => Assert.Equal($"{value.Key} {value}", $"{value.Key} {written.Metadata[value.Key]}"));
    }
}
