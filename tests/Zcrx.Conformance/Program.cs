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

// The suite as a program, for places without an SDK, such as a guest with a kernel of one release: publish, copy, run.
KernelUnderTest.OnlyHostProfile = true;
return SuiteRunner.Execute(args, Console.Out, Console.Error);
