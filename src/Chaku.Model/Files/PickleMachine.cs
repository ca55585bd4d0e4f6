namespace Chaku.Model.Files;

/// <summary>
/// Runs a pickle's instructions as far as a state dict needs them. Nothing of it can reach beyond its own values:
/// names come from the table in <see cref="PyTorchSymbol"/>, and an instruction that is not in the table in
/// <see cref="PickleInstructions"/> is refused.
/// </summary>
/// <remarks>Source: the descriptions in CPython's <c>Lib/pickletools.py</c>, protocols 2 to 5.</remarks>
internal sealed class PickleMachine
{
    // Enough for 45,000 tensors, of which each takes about 22 values, and too few to fill a machine's memory.
    private const int MostValues = 1 << 20;

    // Python writes dictionaries in pieces of 1000 pairs.
    private const int MostStacked = 1 << 16;

    // Stands for a number under which nothing is remembered.
    private static readonly object Nothing = new();

    private readonly MappedFile _file;
    private readonly Func<string, PyTorchRecord?> _findStorage;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly List<object?> _memo = [];
    private int _valueCount;
    private long _instruction;

    private PickleMachine(MappedFile file, PyTorchRecord record, Func<string, PyTorchRecord?> findStorage)
    {
        _file = file;
        _findStorage = findStorage;
        Input = new PickleInput(file, record);
    }

    /// <summary>What instructions have behind them.</summary>
    public PickleInput Input { get; }

    /// <summary>Runs a pickle to its end.</summary>
    /// <param name="file">The file that it is in.</param>
    /// <param name="record">Where it lies.</param>
    /// <param name="findStorage">Finds the record of a storage's key; null where there is none.</param>
    /// <returns>Its value: one of those in <see cref="PickleValues.Describe(object?)"/>.</returns>
    /// <exception cref="ModelFormatException">It is broken, or wants more than a state dict needs.</exception>
    public static object? Run(MappedFile file, PyTorchRecord record, Func<string, PyTorchRecord?> findStorage)
    {
        PickleMachine machine = new(file, record, findStorage);
        while (machine.Step())
        {
        }

        return machine._stack is [object or null] && machine.Input.Left == 0
            ? machine._stack[0]
            : throw machine.Wrong(
                "one value, and the pickle's end", $"{machine._stack.Count} values, {machine.Input.Left} bytes left");
    }

    /// <summary>Adds a value to the stack.</summary>
    public void Push(object? value)
    {
        if (_stack.Count >= MostStacked || ++_valueCount > MostValues)
        {
            throw Wrong($"at most {MostValues} values, {MostStacked} at once", "more");
        }

        _stack.Add(value);
    }

    /// <summary>Takes the last value from the stack.</summary>
    public object? Pop()
    {
        object? value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    /// <summary>The last value on the stack.</summary>
    public object? Peek() => _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0)
        ? _stack[^1]
        : throw Wrong("a value", "none that is left");

    /// <summary>Takes the last value from the stack, which must be of a type.</summary>
    public T Pop<T>(string expected)
        where T : class => Pop() is var value && value is T typed
            ? typed
            : throw Wrong(expected, PickleValues.Describe(value));

    /// <summary>The last value on the stack, which must be of a type.</summary>
    public T Peek<T>(string expected)
        where T : class => Peek() is var value && value is T typed
            ? typed
            : throw Wrong(expected, PickleValues.Describe(value));

    /// <summary>Begins a group of values.</summary>
    public void Mark()
    {
        if (_marks.Count >= MostStacked)
        {
            throw Wrong($"at most {MostStacked} groups of values at once", "more");
        }

        _marks.Add(_stack.Count);
    }

    /// <summary>Takes the values since the last <see cref="Mark"/>.</summary>
    public object?[] PopGroup()
    {
        if (_marks.Count == 0)
        {
            throw Wrong("a mark before a group of values", "none");
        }

        int start = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return Pop(_stack.Count - start);
    }

    /// <summary>Takes a number of values.</summary>
    public object?[] Pop(int count)
    {
        int start = _stack.Count - count;
        if (start < (_marks.Count > 0 ? _marks[^1] : 0))
        {
            throw Wrong($"{count} values", "fewer that are left");
        }

        object?[] values = new object?[count];
        _stack.CopyTo(start, values, 0, count);
        _stack.RemoveRange(start, count);
        return values;
    }

    /// <summary>Remembers the last value on the stack under the next number.</summary>
    public void Memoise() => Memoise((uint)_memo.Count);

    /// <summary>Remembers the last value on the stack under a number.</summary>
    public void Memoise(uint number)
    {
        if (number >= MostValues)
        {
            throw Wrong($"at most {MostValues} remembered values", $"one with the number {number}");
        }

        while (_memo.Count <= number)
        {
            _memo.Add(Nothing);
        }

        _memo[(int)number] = Peek();
    }

    /// <summary>Adds a remembered value to the stack.</summary>
    public void Recall(uint number)
    {
        object? value = number < (uint)_memo.Count ? _memo[(int)number] : Nothing;
        Push(value != Nothing ? value : throw Wrong($"a value remembered as {number}", "none"));
    }

    /// <summary>Adds a name out of Python to the stack, if the table has it.</summary>
    public void PushSymbol(string module, string name) => Push(PyTorchSymbol.Find($"{module}.{name}")
        ?? throw Wrong("only what a state dict needs", $"a call for {ModelFormatException.Quote($"{module}.{name}")}"));

    /// <summary>Calls a symbol with a tuple.</summary>
    public void Call()
    {
        IReadOnlyList<object?> arguments = Pop<PickleTuple>("a tuple of arguments").Items;
        PyTorchSymbol symbol = Pop<PyTorchSymbol>("something to call");
        Push(symbol.Call?.Invoke(arguments)
            ?? throw Wrong($"{symbol.Expected} for {symbol.Name}", PickleValues.Describe(arguments)));
    }

    /// <summary>Turns a tuple that names a storage into the storage.</summary>
    public void PushStorage()
    {
        IReadOnlyList<object?> arguments = Pop<PickleTuple>("a tuple that names a storage").Items;
        if (arguments is not ["storage", PyTorchSymbol { DataType: { } type }, string key, string, long and >= 0])
        {
            throw Wrong("('storage', type, key, device, length)", PickleValues.Describe(arguments));
        }

        PyTorchRecord record = _findStorage(key)
            ?? throw Wrong($"a record for the storage {ModelFormatException.Quote(key)}", "none");
        PyTorchStorage storage = new(record, type, (long)arguments[4]!);
        UInt128 byteLength = (UInt128)storage.ElementCount * (UInt128)ElementTypes.ByteLength(type);
        Push(byteLength <= (UInt128)record.ByteLength
            ? storage
            : throw Wrong(
                $"{byteLength} bytes of the storage {ModelFormatException.Quote(key)}", $"{record.ByteLength}"));
    }

    /// <summary>The error at the present instruction.</summary>
    public ModelFormatException Wrong(string expected, string found) =>
        new(_file.Path, _instruction, expected, found);

    private bool Step()
    {
        _instruction = Input.Position;
        byte code = Input.ReadByte();
        if (code == PickleInstructions.Stop)
        {
            return false;
        }

        Action<PickleMachine> instruction = PickleInstructions.Find(code)
            ?? throw Wrong("an instruction that a state dict needs", $"code 0x{code:x2}");
        instruction(this);
        return true;
    }
}
