using Zcrx.Conformance.Child;
using Zcrx.Conformance.Runner;
using Zcrx.Conformance.Support;

if (args is [ChildProgram.Verb, ..])
{
    return ChildProgram.Run(args);
}

// The suite as a program, for places without an SDK, such as a guest with a kernel of one release: publish, copy, run.
KernelUnderTest.OnlyHostProfile = true;
return SuiteRunner.Execute(args, Console.Out, Console.Error);
