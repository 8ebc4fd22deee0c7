using Xunit.Abstractions;
using Xunit.Sdk;

namespace Zcrx.Conformance.Runner;

/// <summary>Prints <c>PASS|FAIL|SKIP name [reason]</c> as each test ends, and counts the results.</summary>
internal sealed class ConsoleReporter(TextWriter output) : LongLivedMarshalByRefObject, IMessageSink, IDisposable
{
    private readonly Lock _gate = new();

    public ManualResetEvent Finished { get; } = new(initialState: false);

    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public int Skipped { get; private set; }

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (_gate)
        {
            switch (message)
            {
                case ITestPassed passed:
                    Passed++;
                    output.WriteLine($"PASS {passed.Test.DisplayName}");
                    Indented(passed.Output);
                    break;
                case ITestSkipped skipped:
                    Skipped++;
                    output.WriteLine($"SKIP {skipped.Test.DisplayName} [{OneLine(skipped.Reason)}]");
                    break;
                case ITestFailed failed:
                    Fail(failed.Test.DisplayName, failed);
                    break;

                // A failure in a fixture or in the clean-up of a class also fails the run.
                case ITestCleanupFailure failure:
                    Fail(failure.Test.DisplayName + " (clean-up)", failure);
                    break;
                case ITestCaseCleanupFailure failure:
                    Fail(failure.TestCase.DisplayName + " (clean-up of the case)", failure);
                    break;
                case ITestMethodCleanupFailure failure:
                    Fail(failure.TestMethod.Method.Name + " (clean-up of the method)", failure);
                    break;
                case ITestClassCleanupFailure failure:
                    Fail(failure.TestClass.Class.Name + " (clean-up of the class)", failure);
                    break;
                case ITestCollectionCleanupFailure failure:
                    Fail(failure.TestCollection.DisplayName + " (clean-up of the collection)", failure);
                    break;
                case ITestAssemblyCleanupFailure failure:
                    Fail(failure.TestAssembly.Assembly.Name + " (clean-up of the assembly)", failure);
                    break;
                case IErrorMessage failure:
                    Fail("(outside any test)", failure);
                    break;
                case ITestAssemblyFinished:
                    Finished.Set();
                    break;
            }

            output.Flush();
            return true;
        }
    }

    public void Dispose() => Finished.Dispose();

    private void Fail(string name, IFailureInformation failure)
    {
        Failed++;
        output.WriteLine($"FAIL {name} [{OneLine(failure.Messages.FirstOrDefault())}]");
        for (var i = 0; i < failure.Messages.Length; i++)
        {
            Indented($"{failure.ExceptionTypes[i]}: {failure.Messages[i]}");
            Indented(failure.StackTraces[i]);
        }
    }

    private void Indented(string? text)
    {
        foreach (var line in (text ?? string.Empty).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            output.WriteLine("     " + line.TrimEnd());
        }
    }

    private static string OneLine(string? text) =>
        string.Join(' ', (text ?? string.Empty).Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
