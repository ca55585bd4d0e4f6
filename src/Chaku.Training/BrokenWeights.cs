using Chaku.Model;
using Chaku.Model.Decoding;

namespace Chaku.Training;

/// <summary>Looks for what makes a loss no number before anything was learnt.</summary>
internal static class BrokenWeights
{
    /// <summary>Says where a model has a weight that is no finite number; null where all are.</summary>
    public static string? Find(LanguageModel model)
    {
        foreach (NamedWeights tensor in WeightList.Of(model.Decoder.Weights))
        {
            if (tensor.Matrix is not { } matrix)
            {
                if (tensor.Vector.Any(weight => !float.IsFinite(weight)))
                {
                    return $"tensor {ModelFormatException.Quote(tensor.Name)} has weights that are no finite numbers";
                }

                continue;
            }

            float[] values = new float[matrix.Columns];
            for (int row = 0; row < matrix.Rows; row++)
            {
                matrix.Dequantise(row, 0, values);
                if (values.Any(weight => !float.IsFinite(weight)))
                {
                    return $"tensor {ModelFormatException.Quote(tensor.Name)}, row {row}, has weights that are no " +
                        "finite numbers";
                }
            }
        }

        return null;
    }
}
