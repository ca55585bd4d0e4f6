using System.CommandLine;
using Chaku.SideBySide.Engines;
using Chaku.SideBySide.Growth;
using Chaku.SideBySide.Serving;
using Chaku.SideBySide.Training;

Argument<string> model = new("MODEL");
Argument<int> threads = new("THREADS");
Command resident = new(StartMeasurements.ResidentCommand) { model, threads };
resident.Hidden = true;
resident.SetAction(arguments =>
    StartMeasurements.PrintResident(arguments.GetRequiredValue(model), arguments.GetValue(threads)));

RootCommand command = new("Measures Chaku beside its peers, in rounds, each with the same model, threads and tokens.")
{
    new ServeCommand(),
    new TrainCommand(),
    new GrowthCommand(),
    resident,
};
try
{
    return command.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception exception) when (exception is ArgumentException or IOException or PeerException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
