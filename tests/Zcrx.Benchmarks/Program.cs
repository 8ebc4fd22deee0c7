using Zcrx.Benchmarks.Answers;
using Zcrx.Benchmarks.Comparison;
using Zcrx.Benchmarks.Loop;
using Zcrx.Benchmarks.Messages;
using Zcrx.Benchmarks.Publishing;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Benchmarks.Traffic;
using Zcrx.Benchmarks.Web;

return args switch
{
    // Users do not call these verbs. The comparison starts these processes.
    ["sender", ..] => await Sender.RunAsync(args.AsMemory(1)),
    ["receive", ..] => await ReceiverProgram.RunAsync(args.AsMemory(1)),
    ["serve", ..] => await ServeProgram.RunAsync(args.AsMemory(1)),
    ["message-server", var kind] => await MessageServerProgram.RunAsync(kind),
    ["web-server", var kind] => await WebServerProcess.ServeAsync(kind),
    ["web", ..] => await WebCommand.RunAsync(args[1..]),
    ["answers", ..] => await AnswersCommand.RunAsync(args[1..]),
    ["messages", ..] => await MessageCommand.RunAsync(args[1..]),
    ["report", ..] => await ReportCommand.RunAsync(args[1..]),
    ["loop", ..] => LoopProgram.Run(args[1..]),
    _ => await CompareCommand.RunAsync(args),
};
