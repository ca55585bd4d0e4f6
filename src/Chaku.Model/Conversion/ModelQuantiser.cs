using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Families;
using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>Writes a GGUF file with its matrices in other formats.</summary>
/// <param name="source">The model as it is.</param>
/// <param name="plan">Which format each tensor gets.</param>
/// <param name="importance">How much each column of a matrix counts; null where nothing is known.</param>
/// <remarks>
/// Some rows are in memory at a time, read past the map, so that a large model needs no more memory than a small one.
/// </remarks>
internal sealed class ModelQuantiser(GgufSource source, QuantisingPlan plan, ColumnImportance? importance)
{
    private const int ChunkWeights = 1 << 22;

    private readonly List<TensorError> _errors = [];
    private byte[] _read = [];
    private byte[] _rounded = [];
    private long _done;

    /// <summary>What each matrix that was rounded lost, once the file is written.</summary>
    public IReadOnlyList<TensorError> Errors => _errors;

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="origin">Where it comes from.</param>
    /// <param name="pool">Threads; their number changes no byte.</param>
    /// <param name="progress">Told the source's bytes done and in all; may be null.</param>
    /// <param name="cancellation">Looked at after each chunk.</param>
    /// <exception cref="ModelFormatException">A weight is no number, or too large for its format.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Write(
        string path,
        FileOrigin origin,
        ComputePool pool,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        _done = 0;
        _errors.Clear();
        long all = source.File.Tensors.Sum(tensor => tensor.ByteLength);
        TensorSource[] tensors = [.. plan.Tensors.Select(tensor => new TensorSource(
            tensor.Source.Name, tensor.Format, tensor.Source.Dimensions, stream => Write(stream, tensor)))];
        GgufWriter.Write(path, MetadataOf(path, origin), tensors);

        void Write(Stream stream, PlannedTensor tensor)
        {
            RoundingError error = default;
            long columns = tensor.Source.Dimensions[0];
            long rows = tensor.Source.ElementCount / columns;
            int chunkRows = (int)Math.Clamp(ChunkWeights / columns, 1, rows);
            for (long row = 0; row < rows; row += chunkRows)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = (int)Math.Min(chunkRows, rows - row);
                error += WriteRows(stream, tensor, row, count, pool);
                _done += tensor.Source.Format.ByteLength(count * columns);
                progress?.Invoke(_done, all);
            }

            if (tensor.Source.Format != tensor.Format)
            {
                _errors.Add(new TensorError(tensor, error));
            }
        }
    }

    private RoundingError WriteRows(Stream stream, PlannedTensor tensor, long row, int count, ComputePool pool)
    {
        GgufTensor from = tensor.Source;
        int columns = (int)from.Dimensions[0];
        long rowBytes = from.Format.ByteLength(columns);
        Span<byte> bytes = Buffer(ref _read, count * rowBytes);
        source.File.Read(from, row * rowBytes, bytes);
        if (from.Format == tensor.Format)
        {
            stream.Write(bytes);
            return default;
        }

        Span<byte> rounded = Buffer(ref _rounded, tensor.Format.ByteLength((long)count * columns));
        RoundingError error = default;
        for (int done = 0; done < count;)
        {
            // Stacked experts have columns of their own.
            long matrixRows = from.Dimensions[1];
            int matrix = (int)((row + done) / matrixRows);
            int part = (int)Math.Min(count - done, ((matrix + 1) * matrixRows) - row - done);
            long roundedRow = tensor.Format.ByteLength(columns);
            error += WeightQuantising.Run(
                pool,
                bytes.Slice((int)(done * rowBytes), (int)(part * rowBytes)),
                from.Format,
                columns,
                importance is null ? [] : importance.Of(from.Name, matrix, columns),
                tensor.Format,
                rounded.Slice((int)(done * roundedRow), (int)(part * roundedRow)));
            done += part;
        }

        stream.Write(rounded);
        return error.IsFinite
            ? error
            : throw new ModelFormatException(
                source.Path, from.Offset, $"weights that {tensor.Format} can hold", $"{from} with others");
    }

    private Metadata MetadataOf(string path, FileOrigin origin)
    {
        Metadata metadata = new(path);
        foreach (MetadataValue value in source.File.Metadata.Where(value => !FileOrigin.IsOwn(value.Key)))
        {
            if (value.Key is not (GgufKeys.FileType or GgufKeys.QuantisationVersion))
            {
                metadata.TryAdd(value);
            }
        }

        metadata.Add(GgufKeys.FileType, plan.Mix.FileType);
        metadata.Add(GgufKeys.QuantisationVersion, GgufKeys.NewestQuantisation);
        origin.AddTo(metadata);
        return metadata;
    }

    private static Span<byte> Buffer(ref byte[] buffer, long length)
    {
        if (buffer.Length < length)
        {
            buffer = new byte[length];
        }

        return buffer.AsSpan(0, (int)length);
    }
}

/// <summary>What rounding a matrix lost.</summary>
/// <param name="Tensor">The matrix.</param>
/// <param name="Error">Its error.</param>
internal sealed record TensorError(PlannedTensor Tensor, RoundingError Error);
