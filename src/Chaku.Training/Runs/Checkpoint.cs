using System.Security.Cryptography;
using System.Text;
using Chaku.Model;
using Chaku.Model.Files;

namespace Chaku.Training.Runs;

/// <summary>
/// A file with everything that a run needs to go on: numbers, state, and what run it is. Written whole or not at all.
/// </summary>
/// <remarks>The format is described in docs/formats/run-folder.md.</remarks>
internal sealed class Checkpoint : IDisposable
{
    private const string VersionKey = "chaku.checkpoint";
    private const string Version = "1";
    private const string RunKey = "chaku.run";
    private const string StateKey = "chaku.state";
    private const string HashKey = "chaku.sha256";
    private const int ChunkByteLength = 1 << 20;

    private readonly TensorFile _file;

    private Checkpoint(TensorFile file)
    {
        _file = file;
        Identity = RunIdentity.Parse(Text(RunKey));
        State = RunState.Parse(Text(StateKey));
    }

    /// <summary>What run it is.</summary>
    public RunIdentity Identity { get; }

    /// <summary>How far the run is.</summary>
    public RunState State { get; }

    /// <summary>Writes a checkpoint in place of an older one, which stays until the new one is complete.</summary>
    /// <param name="path">The file; its folder is made where it is missing.</param>
    /// <param name="identity">What run it is.</param>
    /// <param name="state">How far the run is; at least one step.</param>
    /// <param name="tensors">The numbers.</param>
    /// <param name="create">Creates the file under its temporary name; null for the disk's.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(
        string path,
        RunIdentity identity,
        RunState state,
        IReadOnlyList<SavedTensor> tensors,
        Func<string, Stream>? create = null)
    {
        TensorSource[] sources = [.. tensors.Select(tensor => tensor.Source)];
        Dictionary<string, string> metadata = new()
        {
            [VersionKey] = Version,
            [RunKey] = identity.ToText(),
            [StateKey] = state.ToText(),
        };
        metadata.Add(HashKey, Hash(metadata, stream => WriteTensors(sources, stream)));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.WriteAll([(path, stream => SafetensorsWriter.Write(stream, metadata, sources))], create);
    }

    /// <summary>Opens a checkpoint and checks every byte of it; null where there is none.</summary>
    /// <exception cref="TrainingException">It is damaged, or no checkpoint.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Checkpoint? Find(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        TensorFile? file = null;
        try
        {
            file = TensorFile.Open(path);
            CheckHash(file);
            return new Checkpoint(file);
        }
        catch (Exception exception) when (exception is ModelFormatException or InvalidDataException)
        {
            file?.Dispose();
            throw Damaged(path, exception.Message);
        }
    }

    /// <summary>Writes the numbers back to where they lay.</summary>
    /// <exception cref="TrainingException">It has others.</exception>
    public void Restore(IReadOnlyList<SavedTensor> tensors)
    {
        try
        {
            if (tensors.Count != _file.Tensors.Count)
            {
                throw new InvalidDataException($"expected {tensors.Count} tensors, found {_file.Tensors.Count}");
            }

            foreach (SavedTensor tensor in tensors)
            {
                tensor.FindIn(_file);
            }

            foreach (SavedTensor tensor in tensors)
            {
                tensor.ReadFrom(_file);
            }
        }
        catch (Exception exception) when (exception is ModelFormatException or InvalidDataException)
        {
            throw Damaged(_file.Path, exception.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void CheckHash(TensorFile file)
    {
        if (file.Metadata.GetValueOrDefault(VersionKey) is not { } version)
        {
            throw new InvalidDataException($"it is no checkpoint: there is no {VersionKey} in it");
        }

        if (version != Version)
        {
            throw new InvalidDataException(
                $"it is a checkpoint of version {ModelFormatException.Quote(version)}, and {Version} is read");
        }

        string found = Hash(file.Metadata, stream => WriteTensors(file, stream));
        if (file.Metadata.GetValueOrDefault(HashKey) is not { } expected || expected != found)
        {
            throw new InvalidDataException($"its bytes are not those that were written: {HashKey} does not fit");
        }
    }

    // Of the strings but itself, in the order of their keys, and then of the tensors: name, type and bytes of each.
    private static string Hash(IReadOnlyDictionary<string, string> metadata, Action<Stream> writeTensors)
    {
        using SHA256 hash = SHA256.Create();
        using (CryptoStream stream = new(Stream.Null, hash, CryptoStreamMode.Write))
        {
            foreach ((string key, string value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                if (key != HashKey)
                {
                    WriteLine(stream, $"{key}={value}");
                }
            }

            writeTensors(stream);
        }

        return Convert.ToHexStringLower(hash.Hash!);
    }

    private static void WriteLine(Stream stream, string text) => stream.Write(Encoding.UTF8.GetBytes(text + "\n"));

    private static void WriteTensors(TensorSource[] sources, Stream stream)
    {
        foreach (TensorSource source in sources)
        {
            WriteLine(stream, $"{source.Name} {source.DataType} {source.ByteLength}");
            source.Write(stream);
        }
    }

    private static void WriteTensors(TensorFile file, Stream stream)
    {
        foreach (FileTensor tensor in file.Tensors)
        {
            WriteLine(stream, $"{tensor.Name} {tensor.DataType} {tensor.ByteLength}");
            for (long start = 0; start < tensor.ByteLength; start += ChunkByteLength)
            {
                stream.Write(file.Bytes(tensor, start, (int)Math.Min(ChunkByteLength, tensor.ByteLength - start)));
            }
        }
    }

    private static TrainingException Damaged(string path, string reason) => new(
        $"{path} cannot be used to go on: {reason}; delete it, or give --restart, to begin again");

    private string Text(string key) => _file.Metadata.GetValueOrDefault(key)
        ?? throw new InvalidDataException($"there is no {key} in it");
}
