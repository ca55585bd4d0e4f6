using System.Globalization;
using System.Text.Json;
using Chaku.Model.Conversion;

namespace Chaku.Cli.Reports;

/// <summary>What quantising a file gave.</summary>
/// <param name="Plan">Which format each tensor got.</param>
/// <param name="Errors">What each matrix lost.</param>
/// <param name="Path">The new file.</param>
/// <param name="Loss">What the model lost; null where it was not measured.</param>
internal sealed record QuantizeReport(
    QuantisingPlan Plan, IReadOnlyList<TensorError> Errors, string Path, MeasuredLoss? Loss)
{
    private const double BitsPerByte = 8;

    private long SourceBytes => Plan.Tensors.Sum(tensor => tensor.Source.ByteLength);

    private long Weights => Plan.Tensors.Sum(tensor => tensor.Source.ElementCount);

    /// <summary>Prints it.</summary>
    public void Print(Terminal terminal)
    {
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path}: {Plan.ByteLength / 1e6:N1} MB, {BitsPerByte * Plan.ByteLength / Weights:0.00} bits a weight " +
            $"(before: {SourceBytes / 1e6:N1} MB, {BitsPerByte * SourceBytes / Weights:0.00})"));
        terminal.Output.WriteLine("formats      " + string.Join(
            ", ",
            Plan.Tensors.CountBy(tensor => tensor.Format.Name).OrderByDescending(entry => entry.Value)
                .Select(entry => $"{entry.Value} {entry.Key}")));
        if (Errors.Count > 0)
        {
            TensorError most = Errors.MaxBy(error => error.Error.Relative)!;
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"rounding     {Relative:0.00%} of the weights' norm, most in {most.Tensor.Source.Name} " +
                $"({most.Error.Relative:0.00%})"));
        }

        Loss?.Print(terminal);
    }

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("path", Path);
        json.WriteString("format", Plan.Mix.Name);
        json.WriteNumber("tensor_bytes", Plan.ByteLength);
        json.WriteNumber("source_tensor_bytes", SourceBytes);
        json.WriteFinite("bits_per_weight", BitsPerByte * Plan.ByteLength / Weights);
        json.WriteFinite("relative_error", Relative);
        json.WriteStartArray("tensors");
        foreach (TensorError error in Errors)
        {
            json.WriteStartObject();
            json.WriteString("name", error.Tensor.Source.Name);
            json.WriteString("format", error.Tensor.Format.Name);
            json.WriteFinite("relative_error", error.Error.Relative);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Loss?.WriteFields(json);
    }

    private double Relative => Errors.Aggregate(
        default(Kernels.Ops.RoundingError), (sum, error) => sum + error.Error).Relative;
}
