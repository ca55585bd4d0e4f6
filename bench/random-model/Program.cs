using System.CommandLine;
using Chaku.RandomModel;

Argument<string> output = new("FILE") { Description = "The GGUF file to write." };
Option<string> format = new("--format")
{
    Description = "How weights are stored: " + string.Join(", ", WeightMix.All.Select(mix => mix.Name)) + ".",
    HelpName = "NAME",
    DefaultValueFactory = _ => "Q4_K_M",
};
Option<string> named = new("--shape")
{
    Description = "Sizes by name: " + string.Join(", ", RandomShape.All.Keys) + ".",
    HelpName = "NAME",
    DefaultValueFactory = _ => RandomShape.Usual,
};
Option<int?> hidden = Size("--hidden", "Floats in the residual stream; a multiple of 256.");
Option<int?> layers = Size("--layers", "Layers.");
Option<int?> heads = Size("--heads", "Heads of queries.");
Option<int?> kvHeads = Size("--kv-heads", "Heads of keys and values.");
Option<int?> inner = Size("--inner", "Floats of gate and up; a multiple of 256.");
Option<int?> vocabulary = Size("--vocabulary", "Tokens.");
Option<int?> context = Size("--context", "Positions that the model was made for.");
Option<ulong> seed = new("--seed") { Description = "The same seed gives the same file.", HelpName = "N" };

RootCommand command = new(
    "Writes a Llama of any size with random weights in any format; the sizes of a 1.1B TinyLlama in Q4_K_M by " +
    "default. For measurements of memory and time, which do not ask what the weights are.")
{
    output, format, named, hidden, layers, heads, kvHeads, inner, vocabulary, context, seed,
};
command.SetAction(arguments =>
{
    try
    {
        RandomShape usual = RandomShape.Of(arguments.GetRequiredValue(named));
        RandomShape shape = new(
            arguments.GetValue(hidden) ?? usual.Hidden,
            arguments.GetValue(layers) ?? usual.Layers,
            arguments.GetValue(heads) ?? usual.Heads,
            arguments.GetValue(kvHeads) ?? usual.KvHeads,
            arguments.GetValue(inner) ?? usual.Inner,
            arguments.GetValue(vocabulary) ?? usual.Vocabulary,
            arguments.GetValue(context) ?? usual.Context);
        WeightMix mix = WeightMix.Of(arguments.GetRequiredValue(format));
        RandomGguf.Write(arguments.GetRequiredValue(output), shape, mix, arguments.GetValue(seed));
        return 0;
    }
    catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine(exception.Message);
        return 1;
    }
});
return command.Parse(args).Invoke();

static Option<int?> Size(string name, string description) => new(name)
{
    Description = description + " The named shape's by default.",
    HelpName = "N",
};
