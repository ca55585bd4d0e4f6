using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chaku.Tests;

/// <summary>A model on the test's Hub.</summary>
/// <param name="id">OWNER/NAME.</param>
internal sealed class HubServerModel(string id)
{
    private const int LargeFrom = 2000;

    public string Id { get; } = id;

    public string Commit { get; init; } = BlobIdOf(Encoding.UTF8.GetBytes(id));

    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public string? License { get; init; } = "apache-2.0";

    public bool IsGated { get; init; }

    public bool IsPrivate { get; init; }

    /// <summary>The only token that may read it where it is gated or private.</summary>
    public string Token { get; init; } = "hf_right";

    /// <summary>Whether the list has lengths and hashes.</summary>
    public bool ListsBlobs { get; init; } = true;

    /// <summary>Lengths that the list states instead of the right ones.</summary>
    public Dictionary<string, long> StatedLengths { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a file.</summary>
    public HubServerModel With(string path, byte[] content)
    {
        Files.Add(path, content);
        return this;
    }

    public HubServerModel With(string path, string content) => With(path, Encoding.UTF8.GetBytes(content));

    public static bool IsLarge(byte[] content) => content.Length >= LargeFrom;

    public static string Sha256Of(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Git's id of a blob.</summary>
    public static string BlobIdOf(byte[] content)
    {
        byte[] blob = [.. Encoding.UTF8.GetBytes($"blob {content.Length}\0"), .. content];
#pragma warning disable CA5350 // It is git's choice, and protects nothing here.
        return Convert.ToHexStringLower(SHA1.HashData(blob));
#pragma warning restore CA5350
    }

    /// <summary>The name of the content in the cache.</summary>
    public static string EtagOf(byte[] content) => IsLarge(content) ? Sha256Of(content) : BlobIdOf(content);

    /// <summary>What the Hub answers to a question for the model.</summary>
    public byte[] Listing()
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteString("id", Id);
            json.WriteString("sha", Commit);
            json.WriteBoolean("private", IsPrivate);
            json.WritePropertyName("gated");
            json.WriteRawValue(IsGated ? "\"auto\"" : "false");
            json.WriteStartArray("tags");
            json.WriteStringValue("text-generation");
            json.WriteEndArray();
            if (License is not null)
            {
                json.WriteStartObject("cardData");
                json.WriteString("license", License);
                json.WriteEndObject();
            }

            json.WriteStartArray("siblings");
            foreach ((string path, byte[] content) in Files)
            {
                WriteSibling(json, path, content);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private void WriteSibling(Utf8JsonWriter json, string path, byte[] content)
    {
        json.WriteStartObject();
        json.WriteString("rfilename", path);
        if (ListsBlobs)
        {
            long length = StatedLengths.GetValueOrDefault(path, content.Length);
            json.WriteNumber("size", length);
            json.WriteString("blobId", BlobIdOf(content));
            if (IsLarge(content))
            {
                json.WriteStartObject("lfs");
                json.WriteString("sha256", Sha256Of(content));
                json.WriteNumber("size", length);
                json.WriteNumber("pointerSize", 134);
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }
}
