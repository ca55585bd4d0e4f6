using Chaku.Kernels.Formats;
using Chaku.Model.Decoding;
using Chaku.Model.Families;
using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>Makes a GGUF file of a Hugging Face folder, or a folder of a file, with all that a model is.</summary>
internal static class ModelConversion
{
    /// <summary>Converts; the target is there whole or not at all.</summary>
    /// <exception cref="ModelFormatException">
    /// The source is no model that this software runs, or the target has no words for what it computes.
    /// </exception>
    /// <exception cref="InvalidDataException">A weight or a scaling of positions has no form there.</exception>
    /// <exception cref="IOException">The target is there already, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ConversionResult Run(ConversionOptions options)
    {
        options = options with
        {
            Source = Path.TrimEndingDirectorySeparator(options.Source),
            Target = Path.TrimEndingDirectorySeparator(options.Target),
        };
        RequireFree(options);
        return Directory.Exists(options.Source) ? GgufConversion.Run(options) : FolderConversion.Run(options);
    }

    /// <summary>
    /// Reads the settings that are to be written and refuses them where they describe another computation: what the
    /// target has no words for is never left out silently.
    /// </summary>
    /// <param name="source">The source's path.</param>
    /// <param name="target">What is made, for the message.</param>
    /// <param name="config">The computation.</param>
    /// <param name="family">Reads the settings.</param>
    /// <param name="settings">The settings as the target has them.</param>
    /// <param name="weights">The weights as the target has them.</param>
    /// <exception cref="ModelFormatException">They describe another; the message has the difference.</exception>
    public static void RequireSame(
        string source,
        string target,
        DecoderConfig config,
        ModelFamily family,
        ModelSettings settings,
        WeightSource weights)
    {
        DecoderConfig written = family.Read(settings, weights);
        settings.RequireAllKnown();
        if (DecoderFacts.Difference(config, written) is var (name, expected, found))
        {
            throw new ModelFormatException(
                source, 0, $"{name} that {target} has words for", $"{expected}, which would be read back as {found}");
        }
    }

    /// <summary>
    /// The source's row that each row of a tensor to be written is; null where all are the same.
    /// </summary>
    /// <param name="family">Knows the order of rows.</param>
    /// <param name="config">The computation.</param>
    /// <param name="tensor">The tensor's GGUF name.</param>
    /// <param name="rows">Its rows, or a bias's values.</param>
    /// <param name="toGguf">Whether GGUF is written; else Hugging Face's layout.</param>
    public static int[]? RowOrder(ModelFamily family, DecoderConfig config, string tensor, int rows, bool toGguf)
    {
        bool isSame = true;
        int[] order = new int[rows];
        for (int row = 0; row < rows; row++)
        {
            int ggufRow = family.GgufRow(config, tensor, row);
            (int written, int read) = toGguf ? (ggufRow, row) : (row, ggufRow);
            order[written] = read;
            isSame &= written == read;
        }

        return isSame ? null : order;
    }

    /// <summary>Values in another order.</summary>
    public static float[] Ordered(float[] values, int[]? order) =>
        order is null ? values : Array.ConvertAll(order, row => values[row]);

    /// <summary>The format that most bytes of matrices are in; float32 where there are none.</summary>
    public static TensorFormat MainFormat(IEnumerable<TensorSource> tensors) => tensors
        .Where(tensor => tensor.Dimensions.Count > 1)
        .GroupBy(tensor => tensor.Format!)
        .OrderByDescending(group => group.Sum(tensor => tensor.ByteLength))
        .Select(group => group.Key)
        .FirstOrDefault(TensorFormats.F32);

    private static void RequireFree(ConversionOptions options)
    {
        if (Directory.Exists(options.Source))
        {
            TargetPath.RequireFile(options.Target, options.Replaces, options.Source);
        }
        else
        {
            TargetPath.RequireFolder(options.Target, options.Replaces, options.Source);
        }
    }
}
