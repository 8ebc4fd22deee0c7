using Zcrx.Conformance.Child;
using Zcrx.Conformance.Differential;
using Zcrx.Conformance.Runner;
using Zcrx.Conformance.Support;

if (args is [ChildProgram.Verb, ..])
{
    return ChildProgram.Run(args);
}

if (args is [DifferentialRunner.Verb, .. var options])
{
    return DifferentialRunner.Execute(options, Console.Out, Console.Error);
}

// Runs the suite as a program on machines without an SDK, such as a guest with a certain kernel. Publish, copy and run it.
KernelUnderTest.OnlyHostProfile = true;
return SuiteRunner.Execute(args, Console.Out, Console.Error);
