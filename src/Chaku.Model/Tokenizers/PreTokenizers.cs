namespace Chaku.Model.Tokenizers;

/// <summary>The table of pre-tokenizers. A new one is one entry here: its names and its regular expressions.</summary>
/// <remarks>
/// Sources: which name means what, and what a name says of BOS and merges, is llama.cpp's <c>llama-vocab.cpp</c>; the
/// expressions are those of the models' own <c>tokenizer.json</c>. Names are left out whose definition needs more than
/// expressions (gemma4, afmoe), is quadratic in runs of digits (superbpe, tiny_aya), or belongs to encoders.
/// </remarks>
internal static class PreTokenizers
{
    private const string Gpt2 =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    private const string LettersAfterSign = @"|[^\r\n\p{L}\p{N}]?\p{L}+";

    private const string SignsAndSpaces = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Llama3 = Contraction + LettersAfterSign + @"|\p{N}{1,3}" + SignsAndSpaces;

    private const string Qwen2 = Contraction + LettersAfterSign + @"|\p{N}" + SignsAndSpaces;

    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";

    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";

    private const string LowerEnd = @"[^\r\n\p{L}\p{N}]?" + Upper + "*" + Lower + "+";

    private const string UpperStart = @"|[^\r\n\p{L}\p{N}]?" + Upper + "+" + Lower + "*";

    private const string SignsSlashesAndSpaces = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Bloom = @" ?[^(\s|[.,!?\x{2026}\x{3002}\x{FF0C}\x{3001}\x{964}\x{6D4}\x{60C}])]+";

    private const string Kana = @"[\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+";

    private const string DeepSeekCjk = @"[\x{4E00}-\x{9FA5}\x{800}-\x{4E00}\x{AC00}-\x{D7FF}]+";

    private const string Punctuation = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]";

    // DeepSeek's own list of letters that have case, which lacks some of Unicode's.
    private const string DeepSeekLetters = ""
        + @"A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293}\x{295}-\x{2AF}"
        + @"\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}"
        + @"\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}"
        + @"\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}"
        + @"\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}"
        + @"\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}"
        + @"\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107}"
        + @"\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}"
        + @"\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}"
        + @"\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}"
        + @"\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}"
        + @"\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}"
        + @"\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}";

    /// <summary>Every one this software has.</summary>
    public static IReadOnlyList<PreTokenizer> All { get; } =
    [
        new()
        {
            Names =
            [
                "gpt-2", "phi-2", "mpt", "olmo", "jais", "gigachat", "mellum", "a.x-4.0", "exaone4", "trillion",
                "granite-docling",
            ],
            Architectures = ["gpt2", "gptneox", "gptj", "mpt", "phi2"],
            Steps = [Gpt2],
        },
        new()
        {
            Names = ["falcon"],
            Architectures = ["falcon"],
            Steps = [@"[\p{P}$+<=>^~|`]+", Gpt2, "[0-9][0-9][0-9]"],
        },
        new()
        {
            Names = ["starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"],
            Architectures = ["starcoder", "starcoder2", "refact", "command-r", "codeshell"],
            Steps = [@"\p{N}", Gpt2],
        },
        new()
        {
            Names = ["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"],
            Steps = [Llama3],
            IgnoresMerges = true,
            AddsBos = true,
        },
        new()
        {
            Names = ["smaug-bpe", "dbrx", "glm4", "chatglm-bpe"],
            Architectures = ["dbrx"],
            Steps = [Llama3],
        },
        new()
        {
            Names =
            [
                "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "grok-2", "kormo", "f2llmv2",
                "solar-open",
            ],
            Architectures = ["qwen", "qwen2", "qwen2moe", "qwen3", "qwen3moe"],
            Steps = [Qwen2],
        },
        new()
        {
            Names = ["qwen35"],
            Steps =
            [
                Contraction + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+"
                    + @"|\s+(?!\S)|\s+",
            ],
        },
        new()
        {
            Names = ["bloom", "poro-chat", "gpt3-finnish"],
            Architectures = ["bloom"],
            Steps = [Bloom],
        },
        new() { Names = ["viking"], Steps = [Bloom, @"\p{N}"] },
        new()
        {
            Names = ["tekken"],
            Steps = [LowerEnd + UpperStart + @"|\p{N}" + SignsSlashesAndSpaces],
            IgnoresMerges = true,
            AddsBos = true,
        },
        new()
        {
            Names = ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
            Steps =
            [
                LowerEnd + Contraction + "?" + UpperStart + Contraction + @"?|\p{N}{1,3}" + SignsSlashesAndSpaces,
            ],
        },
        new()
        {
            Names = ["deepseek-llm"],
            Steps =
            [
                @"[\r\n]",
                @"\s?[" + DeepSeekLetters + "]+",
                @"\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+",
                @"\s+$",
                DeepSeekCjk,
                @"\p{N}+",
            ],
        },
        new()
        {
            Names = ["deepseek-coder"],
            Steps = [@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", DeepSeekCjk, @"\p{N}"],
        },
        new()
        {
            Names = ["deepseek-v3", "hunyuan-dense", "joyai-llm"],
            Steps =
            [
                @"\p{N}{1,3}",
                Kana,
                Punctuation + @"[A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+"
                    + @"|\s+(?!\S)|\s+",
            ],
        },
        new()
        {
            Names = ["bailingmoe", "bailingmoe2", "llada-moe"],
            Steps =
            [
                @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"
                    + @"|\s+(?!\S)|\s+",
            ],
        },
        new()
        {
            Names = ["seed-coder"],
            Steps = [Contraction + LettersAfterSign + @"|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"],
        },
        new()
        {
            Names = ["minicpm5"],
            Steps = [@"\p{N}{1,3}", Contraction + LettersAfterSign + @"|\p{N}+" + SignsAndSpaces],
            IgnoresMerges = true,
        },
        new()
        {
            Names = ["chameleon"],
            Steps =
            [
                "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", @"([\t\n]|    |  )", @"\p{N}",
                @"[\p{P}!-/:-@\[-`{-~]", Gpt2,
            ],
            AddsBos = true,
        },
        new() { Names = ["laguna"], Steps = [@"[^\n]+|[\n]+", Qwen2] },
    ];

    /// <summary>The one of that name, or null.</summary>
    public static PreTokenizer? Find(string name) => All.FirstOrDefault(entry => entry.Names.Contains(name));

    /// <summary>The one the file names, or the architecture's own where it names none; or null.</summary>
    public static PreTokenizer? Find(VocabularySource source) => source.PreTokenizer is { } name
        ? Find(name)
        : All.FirstOrDefault(entry => entry.Architectures.Contains(source.Architecture));

    /// <summary>
    /// The one the file asks for. Another one would give other tokens than the model was trained on, so nothing stands
    /// in for a name that is not in the table, the name <c>default</c> included.
    /// </summary>
    /// <exception cref="ModelFormatException">There is none; the message has both the name and the table's.</exception>
    public static PreTokenizer Find(Vocabulary vocabulary) => Find(vocabulary.Source) ?? throw vocabulary.Refuse(
        $"tokenizer.ggml.pre to be one of {string.Join(", ", All.SelectMany(static entry => entry.Names))}",
        vocabulary.Source.PreTokenizer is { } name ? ModelFormatException.Quote(name) : "no such key");
}
