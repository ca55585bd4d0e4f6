using System.Diagnostics;
using System.Text;
using Chaku.Model.Files;
using Chaku.Tests;
using static Chaku.Model.Tests.Files.PyTorchArchiveBytes;

namespace Chaku.Model.Tests.Files;

/// <summary>Checkpoints that are broken by accident or on purpose: nothing of them is run.</summary>
public sealed class PyTorchHostileTests
{
    private const int Seed = 20_235;

    // A second, and more for a machine that has other work too.
    private const double MostSeconds = 5;

    [Theory]
    [InlineData("harm", "a call for 'posix.system'")]
    [InlineData("eval", "a call for '__builtin__.eval'")]
    [InlineData("nested", "a tensor as 'model', found a dictionary")]
    [InlineData("numbers", "a dictionary of tensors, found a list")]
    [InlineData("expanded", "a plain view of a storage, and within it for torch._utils._rebuild_tensor_v2")]
    [InlineData("sparse", "'torch._utils._rebuild_sparse_tensor'")]
    [InlineData("quantised", "'torch._utils._rebuild_qtensor'")]
    [InlineData("module", "'torch.nn.modules.container.Sequential'")]
    [InlineData("legacy", "a bare pickle")]
    [InlineData("protocol1", "an instruction that a state dict needs, found code 0x49")]
    [InlineData("script", "as of a TorchScript program")]
    public void What_pytorch_wrote_and_is_no_state_dict_is_refused_by_name(string name, string said)
    {
        Refused(File.ReadAllBytes(PyTorchTests.Sample($"refused.{name}.pt")), said);
        Assert.False(File.Exists("chaku-harm"));
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("torch", "load")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("collections.OrderedDict", "update")]
    [InlineData("torch._utils", "_rebuild_tensor_v2\0")]
    public void A_call_of_anything_else_is_refused_by_name_and_not_run(string module, string name)
    {
        using TemporaryFolder folder = new();
        byte[] argument = Text($"touch {folder["harm"]}");
        string said = $"a call for {ModelFormatException.Quote($"{module}.{name}")}";

        Refused(Archive(Entry("a", Call(Symbol(module, name), argument))), said);
        Refused(Archive(Entry("a", [.. Text(module), .. Text(name), 0x93, .. Group(argument), (byte)'R'])), said);

        Assert.False(File.Exists(folder["harm"]));
    }

    // Instructions that make objects of other classes, run other code, or take names from elsewhere.
    [Theory]
    [InlineData("i")]
    [InlineData("o")]
    [InlineData("P")]
    [InlineData("B")]
    [InlineData("S")]
    [InlineData("I")]
    [InlineData("\u0081")]
    [InlineData("\u0082")]
    [InlineData("\u0092")]
    [InlineData("\u0097")]
    [InlineData("\0")]
    public void An_instruction_that_no_state_dict_needs_is_refused(string code) => Refused(
        Archive(Pickle([.. Symbol("collections", "OrderedDict"), (byte)')', .. Encoding.Latin1.GetBytes(code)])),
        $"found code 0x{(int)code[0]:x2}");

    [Fact]
    public void Views_that_leave_their_storage_are_refused()
    {
        byte[] storage = Storage("FloatStorage", "0", 6);
        const long huge = long.MaxValue;
        (long Offset, long[] Shape, long[] Strides)[] views =
        [
            (-1, [1], [1]),
            (1, [2, 3], [3, 1]),
            (6, [1], [1]),
            (7, [0], [1]),
            (0, [2, 3], [-3, 1]),
            (0, [-2, -3], [3, 1]),
            (0, [2, 3], [4, 1]),
            (0, [7], [0]),
            (0, [2, 3], [1]),
            (0, [huge, huge, huge, huge], [huge, huge, huge, huge]),
            (0, [2, 2], [huge, huge]),
            (huge, [2], [huge]),
            (0, [1L << 32, 1L << 32], [0, 0]),
            (0, [.. Enumerable.Repeat(1L, 65)], [.. Enumerable.Repeat(1L, 65)]),
        ];

        Assert.All(views, view => Refused(
            Archive(Entry("a", Tensor(storage, view.Offset, view.Shape, view.Strides))),
            "a plain view of a storage, and within it"));
        Refused(Archive(Entry("a", Tensor(Number(6), 0, [2, 3], [3, 1]))), "found (6, 0, (2, 3), (3, 1), False");
        Refused(
            Archive(Entry("a", Tensor(storage, 0, [6], [1], [(byte)'}', .. Text("neg"), 0x88, (byte)'s']))),
            "a plain view");
    }

    [Theory]
    [InlineData("FloatStorage", "0", 7, "expected 28 bytes of the storage '0', found 24")]
    [InlineData("DoubleStorage", "0", 6, "expected 48 bytes of the storage '0', found 24")]
    [InlineData("DoubleStorage", "0", long.MaxValue, "73786976294838206456 bytes of the storage '0', found 24")]
    [InlineData("FloatStorage", "0", -1, "('storage', type, key, device, length)")]
    [InlineData("FloatStorage", "1", 6, "a record for the storage '1', found none")]
    [InlineData("FloatStorage", "../data.pkl", 6, "a record for the storage '../data.pkl', found none")]
    [InlineData("Size", "0", 6, "('storage', type, key, device, length)")]
    public void Storages_that_are_short_or_missing_are_refused(string type, string key, long count, string said) =>
        Refused(Archive(Entry("a", Tensor(Storage(type, key, count), 0, [1], [1]))), said);

    [Fact]
    public void Pickles_that_make_no_sense_are_refused()
    {
        Refused(Archive([]), "expected 1 bytes, found 0 to the pickle's end");
        Refused(Archive(Pickle()), "one value, and the pickle's end, found 0 values");
        Refused(Archive([.. Pickle([(byte)'}']), 0]), "1 values, 1 bytes left");
        Refused(Archive(Pickle([(byte)'}', (byte)'}'])), "found 2 values");
        Refused(Archive([0x80, 6, (byte)'}', (byte)'.']), "a pickle of protocol 2 to 5, found protocol 6");
        Refused(Archive(Pickle([0x86])), "2 values, found fewer");
        Refused(Archive(Pickle([(byte)'N', (byte)'(', 0x85])), "1 values, found fewer");
        Refused(Archive(Pickle([(byte)'N', (byte)'(', (byte)'R'])), "a value, found none");
        Refused(Archive(Pickle([(byte)'u'])), "a mark before a group");
        Refused(Archive(Pickle([(byte)'}', (byte)'(', (byte)'N', (byte)'u'])), "keys with values, found 1 in all");
        Refused(Archive(Pickle([(byte)'N', (byte)'N', (byte)'N', (byte)'s'])), "a dictionary, found None");
        Refused(Archive(Pickle([(byte)'h', 3])), "a value remembered as 3, found none");
        Refused(Archive(Pickle([(byte)'X', 255, 255, 255, 255])), "expected 4294967295 bytes");
        Refused(Archive(Pickle([(byte)'X', 1, 0, 0, 0, 0xff])), "text in UTF-8");
        Refused(Archive(Pickle([(byte)'c', .. new byte[300]])), "the end of its line");
        Refused(Archive(Pickle([0x8a, 9, .. new byte[9]])), "a number of at most 8 bytes, found one of 9");
        Refused(Archive(Pickle([0x95, .. BitConverter.GetBytes(ulong.MaxValue)])), "a frame within");
        Refused(Archive(Pickle(Text("a"), [(byte)')', (byte)'R'])), "something to call, found 'a'");
        Refused(Archive(Pickle(Call(Symbol("torch", "FloatStorage")))), "no call for torch.FloatStorage");
        Refused(Archive(Pickle(SixNumbers, [(byte)'}', (byte)'b'])), "a dictionary that has attributes");
        Refused(Archive(Entry("a", Text("b"))), "a tensor as 'a', found 'b'");
        Refused(Archive(Pickle([(byte)'}', (byte)'K', 1, .. SixNumbers, (byte)'s'])), "found 1 as a key");
        byte[] twice = [.. Text("a"), .. SixNumbers, (byte)'s'];
        Refused(Archive(Pickle([(byte)'}'], twice, twice)), "found 'a' as a key");
    }

    [Fact]
    public void Depth_and_number_are_bounded()
    {
        byte[] nested = [.. Enumerable.Repeat((byte)']', 60_000), .. Enumerable.Repeat((byte)'a', 59_999)];
        Refused(Archive(Pickle(nested)), "a dictionary of tensors, found a list");
        Refused(Archive(Pickle([(byte)']', .. Enumerable.Repeat((byte)0x85, 1_000_000)])), "at most 16 tuples");
        byte[] chain = [.. "}q\0"u8, .. Repeated("X\0\0\0\0}q\u0001sh\u0001", 300_000)];
        Refused(Archive(Pickle(chain)), "65536 at once");
        Refused(Archive(Pickle(Repeated("]", 1_000_000))), "at most 1048576 values, 65536 at once");
        Refused(Archive(Pickle(Repeated("(", 1_000_000))), "at most 65536 groups");
        Refused(Archive(Pickle([(byte)']'], Repeated("]a", 3_000_000))), "at most 1048576 values");
        Refused(Archive(Pickle([(byte)']'], Repeated("\u0094", 3_000_000))), "at most 1048576 remembered values");
        Refused(Archive(Pickle("]r"u8.ToArray(), BitConverter.GetBytes(uint.MaxValue))), "the number 4294967295");
        Refused(Archive(Pickle("]q"u8.ToArray(), [9, (byte)'h', 8])), "a value remembered as 8, found none");

        // Each list has the one before it ten times: more values than atoms for who would follow them.
        byte[] bomb =
        [
            .. "(]q"u8, 0,
            .. Enumerable.Range(0, 200).SelectMany(i => (byte[])
                [.. "]("u8, .. Repeated($"h{(char)i}", 10), .. "eq"u8, (byte)(i + 1)]),
            (byte)'t',
        ];
        Refused(Archive(Pickle(bomb)), "a dictionary of tensors, found a tuple");
        Refused(Archive(Pickle([(byte)'}', (byte)'q', 0], Text("a"), [(byte)'h', 0, (byte)'s'])), "found a dictionary");
    }

    [Fact]
    public void Archives_that_are_not_as_pytorch_writes_them_are_refused()
    {
        byte[] pickle = Entry("a", SixNumbers);
        byte[] numbers = new byte[24];
        Refused([], "a zip archive");
        Refused("PK\u0003\u0004"u8.ToArray(), "a zip archive");
        Refused(Zip([]), "one record NAME/data.pkl, as PyTorch writes, found 0");
        Refused(Zip([("data.pkl", pickle)]), "one record NAME/data.pkl");
        Refused(Zip([("a/b/data.pkl", pickle)]), "one record NAME/data.pkl");
        Refused(Zip([("a/data.pkl", pickle), ("b/data.pkl", pickle)]), "found 2");
        Refused(Archive(pickle, ("a/data/0", numbers)), "every record once, found 'a/data/0' again");
        Refused(Archive(pickle, ("a/byteorder", "big"u8.ToArray())), "little as the byte order, found 'big'");
        Refused(Archive(pickle, ("a/version", "11\n"u8.ToArray())), "version 1 to 10 of the format, found '11");
        Refused(Archive(pickle, ("a/version", []), ("a/x", [])), "version 1 to 10 of the format, found ''");
        Loads(Archive(pickle, ("a/version", "3\n"u8.ToArray()), ("a/byteorder", "little"u8.ToArray())));
    }

    [Fact]
    public void Compressed_records_are_refused_unread()
    {
        byte[] bomb = Zip(
            [("a/data.pkl", Entry("a", SixNumbers)), ("a/data/0", new byte[100_000_000])],
            System.IO.Compression.CompressionLevel.Fastest);

        Assert.True(bomb.Length < 1_000_000);
        Refused(bomb, "'a/data.pkl' stored as it is, as PyTorch writes, found a compressed one (method 8)");
    }

    // Places in the directory's entry of the second record, and what they say when it is changed.
    [Theory]
    [InlineData(8, 1, "an encrypted record")]
    [InlineData(20, 25, "expected 24 bytes of 'a/data/0' in the archive, found 25")]
    [InlineData(42, 0, "as the directory has it, found another")]
    [InlineData(45, 0x7f, "within the")]
    [InlineData(46, 'b', "as the directory has it, found another")]
    [InlineData(28, 7, "as the directory has it, found another")]
    [InlineData(30, 255, "bytes of an entry")]
    public void An_entry_that_is_changed_is_refused(int place, byte value, string said)
    {
        byte[] archive = Archive(Entry("a", SixNumbers));
        archive[archive.AsSpan().LastIndexOf("PK\u0001\u0002"u8) + place] = value;
        Refused(archive, said);
    }

    [Fact]
    public void Records_that_overlap_are_refused()
    {
        // The first storage is said to be long enough to have the second one within it.
        byte[] archive = Archive(Entry("a", SixNumbers), ("a/data/1", new byte[24]));
        ReadOnlySpan<byte> start = "PK\u0001\u0002"u8;
        int last = archive.AsSpan().LastIndexOf(start);
        int middle = archive.AsSpan(0, last).LastIndexOf(start);
        (archive[middle + 20], archive[middle + 24]) = (60, 60);
        Refused(archive, "the end of 'a/data/0', found 'a/data/1': they overlap");
    }

    [Theory]
    [InlineData(4, "in one part")]
    [InlineData(10, "entries in a directory of")]
    [InlineData(12, "entries in a directory of")]
    [InlineData(15, "a directory before this record")]
    [InlineData(19, "a directory before this record")]
    public void An_end_that_is_changed_is_refused(int place, string said)
    {
        byte[] archive = Archive(Entry("a", SixNumbers));
        archive[archive.AsSpan().LastIndexOf("PK\u0005\u0006"u8) + place] ^= 0x41;
        Refused(archive, said);
    }

    [Theory]
    [InlineData("views.2.pt")]
    [InlineData("views.4.pt")]
    [InlineData("views.zip64.pt")]
    public void Cut_and_flipped_files_are_refused_or_load(string name)
    {
        using TemporaryFolder folder = new();
        byte[] whole = File.ReadAllBytes(PyTorchTests.Sample(name));
        Random random = new(Seed);
        for (int round = 0; round < 200; round++)
        {
            int cut = random.Next(whole.Length);
            string path = folder.Write("cut.pt", whole[..cut]);
            Assert.True(Record.Exception(() => Load(path)) is ModelFormatException, $"cut at {cut}, seed {Seed}");
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 500; round++)
        {
            byte[] flipped = [.. whole];
            int position = random.Next(whole.Length);
            flipped[position] ^= (byte)random.Next(1, 256);
            string path = folder.Write("flipped.pt", flipped);
            Exception? exception = Record.Exception(() => Load(path));
            Assert.True(exception is null or ModelFormatException, $"byte {position}, seed {Seed}: {exception}");
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500L << 20);
    }

    private static byte[] Repeated(string codes, int count)
    {
        byte[] once = Encoding.Latin1.GetBytes(codes);
        byte[] all = new byte[once.Length * count];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = once[i % once.Length];
        }

        return all;
    }

    private static void Load(string path)
    {
        using TensorFile file = TensorFile.Open(path);
        foreach (FileTensor tensor in file.Tensors)
        {
            _ = file.Bytes(tensor, 0, (int)tensor.ByteLength);
            if (tensor.Format is not null)
            {
                _ = file.Singles(tensor);
            }
        }
    }

    private static void Loads(byte[] bytes)
    {
        using TemporaryFolder folder = new();
        Load(folder.Write("good.bin", bytes));
    }

    private static void Refused(byte[] bytes, string said)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("hostile.bin", bytes);
        long start = Stopwatch.GetTimestamp();
        string message = Assert.Throws<ModelFormatException>(() => TensorFile.Open(path).Dispose()).Message;
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, MostSeconds);
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }
}
