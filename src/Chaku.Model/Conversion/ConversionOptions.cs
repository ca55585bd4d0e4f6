using Chaku.Kernels.Formats;
using Chaku.Kernels.Threading;
using Chaku.Model.Adapters;
using Chaku.Model.Families;
using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>What is converted to what.</summary>
/// <param name="Source">A Hugging Face folder, or a GGUF file.</param>
/// <param name="Target">The GGUF file to be made, or the folder.</param>
internal sealed record ConversionOptions(string Source, string Target)
{
    /// <summary>The command line that asks for it, without the folders that only its user has.</summary>
    public required string Command { get; init; }

    /// <summary>What matrices are written as; null keeps each as it is, and dequantises to half precision.</summary>
    public TensorFormat? Type { get; init; }

    /// <summary>Whether what is already there is replaced.</summary>
    public bool Replaces { get; init; }

    /// <summary>Threads.</summary>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes of weights in a file of a folder at most; more tensors go to further files.</summary>
    public long ShardByteLength { get; init; } = 5_000_000_000;

    /// <summary>Knows the hashes of files that were hashed before.</summary>
    public ContentHashCache Hashes { get; init; } = ContentHashCache.ForUser();

    /// <summary>Told, while the source is hashed and while tensors are written, what, the bytes done and all.</summary>
    public Action<string, long, long>? Progress { get; init; }

    /// <summary>Stops it; nothing is left of the target then.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>How a format is spelled on the command line.</summary>
    public static string TypeName(TensorFormat format) => format.Name.ToLowerInvariant();

    /// <summary>What makes the target's tensors, and tells how far it is.</summary>
    public ConversionWork WorkOn(ComputePool pool) =>
        new(pool, (done, all) => Progress?.Invoke("writing tensors", done, all), Cancellation);

    /// <summary>What the new file says of its source; reads every weight once where no one has yet.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public FileOrigin OriginOf(ModelSource source)
    {
        string hash = Hashes.GetOrCompute(
            source.Content, (done, all) => Progress?.Invoke("hashing the source", done, all), Cancellation);
        return new FileOrigin(
            [new OriginSource(source.Name ?? PathText.NameOf(Source), hash, HubPlace.Of(Source))],
            source.License,
            Command,
            AdapterOrigin.CurrentVersion);
    }
}

/// <summary>What a conversion made.</summary>
/// <param name="Path">The file or the folder.</param>
/// <param name="ByteLength">Bytes of its weights.</param>
/// <param name="TensorCount">Tensors in it.</param>
/// <param name="Remarks">What the user should know, a line each.</param>
internal sealed record ConversionResult(
    string Path, long ByteLength, int TensorCount, IReadOnlyList<string> Remarks);
