namespace Chaku.Model.Files;

/// <summary>The table of a pickle's instructions. One that is not here is not run.</summary>
internal static class PickleInstructions
{
    /// <summary>Ends the pickle.</summary>
    public const byte Stop = (byte)'.';

    private const int MostNestedTuples = 16;
    private const byte LeastProtocol = 2;
    private const byte MostProtocol = 5;

    private static readonly Dictionary<byte, Action<PickleMachine>> All = new()
    {
        [0x80] = Protocol,
        [0x95] = machine => machine.Input.SkipFrame(),
        [(byte)'('] = machine => machine.Mark(),

        // Values.
        [(byte)'N'] = machine => machine.Push(null),
        [0x88] = machine => machine.Push(true),
        [0x89] = machine => machine.Push(false),
        [(byte)'J'] = machine => machine.Push(machine.Input.ReadInteger(4)),
        [(byte)'K'] = machine => machine.Push((long)machine.Input.ReadByte()),
        [(byte)'M'] = machine => machine.Push(machine.Input.ReadByte() | ((long)machine.Input.ReadByte() << 8)),
        [0x8a] = machine => machine.Push(machine.Input.ReadInteger(machine.Input.ReadByte())),
        [(byte)'G'] = machine => machine.Push(machine.Input.ReadDouble()),
        [(byte)'X'] = machine => machine.Push(machine.Input.ReadText(machine.Input.ReadUInt32())),
        [0x8c] = machine => machine.Push(machine.Input.ReadText(machine.Input.ReadByte())),

        // Collections.
        [(byte)')'] = machine => machine.Push(PickleTuple.Empty),
        [0x85] = machine => PushTuple(machine, machine.Pop(1)),
        [0x86] = machine => PushTuple(machine, machine.Pop(2)),
        [0x87] = machine => PushTuple(machine, machine.Pop(3)),
        [(byte)'t'] = machine => PushTuple(machine, machine.PopGroup()),
        [(byte)']'] = machine => machine.Push(new PickleList()),
        [(byte)'a'] = PassOverItem,
        [(byte)'e'] = PassOverItems,
        [(byte)'}'] = machine => machine.Push(new PickleDictionary()),
        [(byte)'s'] = machine => SetItems(machine, machine.Pop(2)),
        [(byte)'u'] = machine => SetItems(machine, machine.PopGroup()),

        // Values again.
        [(byte)'q'] = machine => machine.Memoise(machine.Input.ReadByte()),
        [(byte)'r'] = machine => machine.Memoise(machine.Input.ReadUInt32()),
        [0x94] = machine => machine.Memoise(),
        [(byte)'h'] = machine => machine.Recall(machine.Input.ReadByte()),
        [(byte)'j'] = machine => machine.Recall(machine.Input.ReadUInt32()),

        // What is not plain data.
        [(byte)'c'] = machine => machine.PushSymbol(machine.Input.ReadLine(), machine.Input.ReadLine()),
        [0x93] = StackedSymbol,
        [(byte)'Q'] = machine => machine.PushStorage(),
        [(byte)'R'] = machine => machine.Call(),
        [(byte)'b'] = PassOverState,
    };

    private static readonly Action<PickleMachine>?[] ByCode =
        [.. Enumerable.Range(0, 256).Select(code => All.GetValueOrDefault((byte)code))];

    /// <summary>What runs an instruction; null where it is not run.</summary>
    public static Action<PickleMachine>? Find(byte code) => ByCode[code];

    private static void Protocol(PickleMachine machine)
    {
        byte version = machine.Input.ReadByte();
        if (version is < LeastProtocol or > MostProtocol)
        {
            throw machine.Wrong($"a pickle of protocol {LeastProtocol} to {MostProtocol}", $"protocol {version}");
        }
    }

    private static void StackedSymbol(PickleMachine machine)
    {
        string name = machine.Pop<string>("a name");
        machine.PushSymbol(machine.Pop<string>("a module's name"), name);
    }

    private static void PushTuple(PickleMachine machine, object?[] items)
    {
        PickleTuple tuple = new(items);
        machine.Push(tuple.Depth <= MostNestedTuples
            ? tuple
            : throw machine.Wrong($"at most {MostNestedTuples} tuples in each other", "more"));
    }

    private static void PassOverItem(PickleMachine machine)
    {
        machine.Pop();
        machine.Peek<PickleList>("a list");
    }

    private static void PassOverItems(PickleMachine machine)
    {
        machine.PopGroup();
        machine.Peek<PickleList>("a list");
    }

    private static void SetItems(PickleMachine machine, object?[] values)
    {
        PickleDictionary dictionary = machine.Peek<PickleDictionary>("a dictionary");
        if (values.Length % 2 != 0)
        {
            throw machine.Wrong("keys with values", $"{values.Length} in all");
        }

        for (int i = 0; i < values.Length; i += 2)
        {
            dictionary.Add(values[i], values[i + 1]);
        }
    }

    // A module's state dict has attributes: the versions of the classes that it is of. They change no weight.
    private static void PassOverState(PickleMachine machine)
    {
        machine.Pop<PickleDictionary>("attributes");
        machine.Peek<PickleDictionary>("a dictionary that has attributes");
    }
}
