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

// Runs the suite as a program, for machines without an SDK. An example is a virtual machine that runs another kernel.
KernelUnderTest.OnlyHostProfile = true;
return SuiteRunner.Execute(args, Console.Out, Console.Error);
