using System.Globalization;
using System.Text;

namespace Chaku.Model.Files;

/// <summary>Reads a state dict as <c>torch.save</c> writes it: nothing in the file is ever run.</summary>
/// <remarks>The format, and what is refused, are described in docs/formats/pytorch.md.</remarks>
internal static class PyTorchReader
{
    private const int MostPickleBytes = 1 << 26;
    private const int MostNoteBytes = 64;
    private const byte PickleStart = 0x80;
    private const int LeastVersion = 1;
    private const int MostVersion = 10;

    /// <summary>Reads everything but the weights' values.</summary>
    /// <exception cref="ModelFormatException">It is broken, or not what PyTorch writes for tensors.</exception>
    public static TensorFile Read(MappedFile file)
    {
        if (file.Length > 0 && file.Span(0, 1)[0] == PickleStart)
        {
            throw new ModelFormatException(
                file.Path,
                0,
                "a zip archive, as torch.save writes since PyTorch 1.6",
                "a bare pickle, as it wrote before: torch.save(torch.load(…)) of a newer one makes an archive of it");
        }

        PyTorchArchive archive = PyTorchArchive.Read(file);
        CheckNotes(file, archive);
        PyTorchRecord pickle = archive.Find("data.pkl")!.Value;
        if (pickle.ByteLength > MostPickleBytes)
        {
            throw new ModelFormatException(
                file.Path, pickle.Offset, $"a pickle of at most {MostPickleBytes} bytes", $"{pickle.ByteLength}");
        }

        object? root = PickleMachine.Run(file, pickle, key => archive.Find($"data/{key}"));
        return new TensorFile(file, new Dictionary<string, string>(), Tensors(file, archive, pickle, root));
    }

    private static void CheckNotes(MappedFile file, PyTorchArchive archive)
    {
        if (archive.Find("constants.pkl") is { } program)
        {
            throw new ModelFormatException(file.Path, program.Offset, "tensors", "a program of TorchScript");
        }

        if (archive.Find("byteorder") is { } order && Text(file, order) is var byteOrder && byteOrder != "little")
        {
            throw new ModelFormatException(
                file.Path, order.Offset, "little as the byte order", ModelFormatException.Quote(byteOrder));
        }

        if (archive.Find("version") is { } version && !IsKnownVersion(Text(file, version)))
        {
            throw new ModelFormatException(
                file.Path,
                version.Offset,
                $"version {LeastVersion} to {MostVersion} of the format",
                ModelFormatException.Quote(Text(file, version)));
        }
    }

    private static bool IsKnownVersion(string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int version)
        && version is >= LeastVersion and <= MostVersion;

    private static string Text(MappedFile file, PyTorchRecord record) =>
        Encoding.Latin1.GetString(file.Span(record.Offset, (int)Math.Min(record.ByteLength, MostNoteBytes)));

    private static List<FileTensor> Tensors(
        MappedFile file, PyTorchArchive archive, PyTorchRecord pickle, object? root)
    {
        // A tensor that was saved alone has no name but the archive's.
        if (root is FileTensor only)
        {
            return [only with { Name = archive.Name }];
        }

        if (root is not PickleDictionary dictionary)
        {
            throw new ModelFormatException(
                file.Path, pickle.Offset, "a dictionary of tensors", PickleValues.Describe(root));
        }

        List<FileTensor> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((object? key, object? value) in dictionary.Entries)
        {
            if (key is not string name || !names.Add(name))
            {
                throw new ModelFormatException(
                    file.Path, pickle.Offset, "every tensor's name once", $"{PickleValues.Describe(key)} as a key");
            }

            tensors.Add(value is FileTensor tensor
                ? tensor with { Name = name }
                : throw new ModelFormatException(
                    file.Path,
                    pickle.Offset,
                    $"a tensor as {ModelFormatException.Quote(name)}",
                    PickleValues.Describe(value)));
        }

        return tensors;
    }
}
