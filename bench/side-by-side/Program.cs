using System.CommandLine;
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
    resident,
};
return command.Parse(args).Invoke();
