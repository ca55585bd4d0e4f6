namespace Chaku.Model.Files;

/// <summary>
/// A name out of Python that a pickle may use. This table is all that a pickle can reach: a name is never looked up
/// anywhere else, and what it does is written here.
/// </summary>
internal sealed class PyTorchSymbol
{
    private static readonly PyTorchSymbol[] All =
    [
        new("collections.OrderedDict") { Call = PyTorchTensors.EmptyDictionary, Expected = "nothing" },
        new("torch._utils._rebuild_tensor_v2")
        {
            Call = PyTorchTensors.Tensor, Expected = "a plain view of a storage, and within it",
        },
        new("torch._utils._rebuild_parameter") { Call = PyTorchTensors.Parameter, Expected = "a tensor" },
        new("torch.Size") { Call = PyTorchTensors.Size, Expected = "a tuple" },
        new("torch.FloatStorage") { DataType = "F32" },
        new("torch.HalfStorage") { DataType = "F16" },
        new("torch.BFloat16Storage") { DataType = "BF16" },
        new("torch.DoubleStorage") { DataType = "F64" },
        new("torch.LongStorage") { DataType = "I64" },
        new("torch.IntStorage") { DataType = "I32" },
        new("torch.ShortStorage") { DataType = "I16" },
        new("torch.CharStorage") { DataType = "I8" },
        new("torch.ByteStorage") { DataType = "U8" },
        new("torch.BoolStorage") { DataType = "BOOL" },
        new("torch.ComplexFloatStorage") { DataType = "C64" },
        new("torch.ComplexDoubleStorage") { DataType = "C128" },
    ];

    private static readonly Dictionary<string, PyTorchSymbol> ByName =
        All.ToDictionary(symbol => symbol.Name, StringComparer.Ordinal);

    private PyTorchSymbol(string name)
    {
        Name = name;
    }

    /// <summary>The module and the name.</summary>
    public string Name { get; }

    /// <summary>The type of a storage's elements, as safetensors spells it; null where it is no storage.</summary>
    public string? DataType { get; private init; }

    /// <summary>What calling it with these arguments makes; null where it cannot be called, or not with them.</summary>
    public Func<IReadOnlyList<object?>, object?>? Call { get; private init; }

    /// <summary>What it must be called with, for messages.</summary>
    public string Expected { get; private init; } = "no call";

    /// <summary>The symbol of this name; null where a pickle may not use it.</summary>
    public static PyTorchSymbol? Find(string name) => ByName.GetValueOrDefault(name);
}
