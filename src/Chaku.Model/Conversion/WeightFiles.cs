using System.Globalization;
using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>Distributes tensors over the safetensors files of a folder.</summary>
internal static class WeightFiles
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    /// <summary>One file, or several and the index that says which tensor is where.</summary>
    /// <param name="tensors">In their order.</param>
    /// <param name="origin">What each file says of its source.</param>
    /// <param name="mostBytes">Bytes of tensors in a file at most, where there is more than one tensor in it.</param>
    public static IReadOnlyList<(string Name, Action<Stream> Write)> Of(
        IReadOnlyList<TensorSource> tensors, FileOrigin origin, long mostBytes)
    {
        // PyTorch's readers look for it.
        Dictionary<string, string> metadata = new(StringComparer.Ordinal) { ["format"] = "pt" };
        foreach ((string key, string value) in origin.Fields())
        {
            metadata.Add(key, value);
        }

        List<List<TensorSource>> shards = Cut(tensors, mostBytes);
        if (shards.Count == 1)
        {
            return [(SingleName, stream => SafetensorsWriter.Write(stream, metadata, tensors))];
        }

        (string Name, List<TensorSource> Tensors)[] named =
            [.. shards.Select((shard, number) => (NameOf(number + 1, shards.Count), shard))];
        byte[] index = Index(named);
        return
        [
            .. named.Select(shard => (shard.Name, (Action<Stream>)(
                stream => SafetensorsWriter.Write(stream, metadata, shard.Tensors)))),
            (IndexName, stream => stream.Write(index)),
        ];
    }

    private static string NameOf(int number, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"model-{number:00000}-of-{count:00000}.safetensors");

    private static List<List<TensorSource>> Cut(IReadOnlyList<TensorSource> tensors, long mostBytes)
    {
        List<List<TensorSource>> shards = [[]];
        long length = 0;
        foreach (TensorSource tensor in tensors)
        {
            if (shards[^1].Count > 0 && length + tensor.ByteLength > mostBytes)
            {
                shards.Add([]);
                length = 0;
            }

            shards[^1].Add(tensor);
            length += tensor.ByteLength;
        }

        return shards;
    }

    private static byte[] Index(IReadOnlyList<(string Name, List<TensorSource> Tensors)> shards) =>
        JsonBytes.Of(json =>
        {
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", shards.Sum(shard => shard.Tensors.Sum(tensor => tensor.ByteLength)));
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            foreach ((string name, List<TensorSource> tensors) in shards)
            {
                tensors.ForEach(tensor => json.WriteString(tensor.Name, name));
            }

            json.WriteEndObject();
        });
}
