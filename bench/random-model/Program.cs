using System.CommandLine;
using Chaku.RandomModel;

RandomShape usual = RandomShape.TinyLlama;
Argument<string> output = new("FILE") { Description = "The GGUF file to write." };
Option<int> hidden = Size("--hidden", "Floats in the residual stream; a multiple of 256.", usual.Hidden);
Option<int> layers = Size("--layers", "Layers.", usual.Layers);
Option<int> heads = Size("--heads", "Heads of queries.", usual.Heads);
Option<int> kvHeads = Size("--kv-heads", "Heads of keys and values.", usual.KvHeads);
Option<int> inner = Size("--inner", "Floats of gate and up; a multiple of 256.", usual.Inner);
Option<int> vocabulary = Size("--vocabulary", "Tokens.", usual.Vocabulary);
Option<int> context = Size("--context", "Positions that the model was made for.", usual.Context);
Option<ulong> seed = new("--seed") { Description = "The same seed gives the same file.", HelpName = "N" };

RootCommand command = new(
    "Writes a Llama of any size with random weights, mixed from Q4_K and Q6_K as Q4_K_M is; the sizes of a 1.1B " +
    "TinyLlama by default. For measurements of memory and time, which do not ask what the weights are.")
{
    output, hidden, layers, heads, kvHeads, inner, vocabulary, context, seed,
};
command.SetAction(arguments =>
{
    RandomShape shape = new(
        arguments.GetValue(hidden),
        arguments.GetValue(layers),
        arguments.GetValue(heads),
        arguments.GetValue(kvHeads),
        arguments.GetValue(inner),
        arguments.GetValue(vocabulary),
        arguments.GetValue(context));
    try
    {
        RandomGguf.Write(arguments.GetRequiredValue(output), shape, arguments.GetValue(seed));
        return 0;
    }
    catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine(exception.Message);
        return 1;
    }
});
return command.Parse(args).Invoke();

static Option<int> Size(string name, string description, int usual) => new(name)
{
    Description = description,
    HelpName = "N",
    DefaultValueFactory = _ => usual,
};
