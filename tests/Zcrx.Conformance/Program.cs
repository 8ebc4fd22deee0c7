using Zcrx.Conformance.Runner;

// The suite as a program, for places without an SDK: dotnet publish --self-contained, copy, run.
return SuiteRunner.Execute(args, Console.Out, Console.Error);
