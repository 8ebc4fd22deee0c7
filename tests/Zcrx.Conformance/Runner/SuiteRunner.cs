using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;
using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Runner;

/// <summary>Discovers the tests of this assembly and runs them in this process. Prints one line per test.</summary>
internal static class SuiteRunner
{
    private const string Usage = """
        Usage: Zcrx.Conformance [--list] [--filter TEXT]... [--exclude TEXT]... [--long]
               Zcrx.Conformance differential [--help]

          --filter TEXT   only tests whose name contains TEXT (any of them, case ignored)
          --exclude TEXT  no tests whose name contains TEXT, such as "emulated 7."
          --long          do much more where the cases of a NIC can, and wait longer
          --list          print the names, run nothing

        Exit code: 0 nothing failed, 1 something failed or nothing ran, 2 wrong usage.
        """;

    public static int Execute(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        var filters = new List<string>();
        var exclusions = new List<string>();
        var list = false;
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--help" or "-h":
                    output.WriteLine(Usage);
                    return 0;
                case "--list":
                    list = true;
                    break;
                case "--long":
                    Scale.BeLong();
                    break;
                case "--filter" when i + 1 < args.Count:
                    filters.Add(args[++i]);
                    break;
                case "--exclude" when i + 1 < args.Count:
                    exclusions.Add(args[++i]);
                    break;
                default:
                    error.WriteLine($"Unknown argument: '{args[i]}'.{Environment.NewLine}{Usage}");
                    return 2;
            }
        }

        return list ? List(IsWanted, output) : Run(IsWanted, output);

        bool IsWanted(string name) =>
            (filters.Count == 0 || filters.Exists(filter => name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
            && !exclusions.Exists(exclusion => name.Contains(exclusion, StringComparison.OrdinalIgnoreCase));
    }

    private static int List(Predicate<string> isWanted, TextWriter output)
    {
        using var suite = new Suite();
        foreach (var test in suite.Discover(isWanted))
        {
            output.WriteLine(test.DisplayName);
        }

        return 0;
    }

    private static int Run(Predicate<string> isWanted, TextWriter output)
    {
        using var suite = new Suite();
        using var reporter = new ConsoleReporter(output);
        suite.Run(suite.Discover(isWanted), reporter);
        output.WriteLine($"{reporter.Passed} passed, {reporter.Failed} failed, {reporter.Skipped} skipped");
        output.Flush();

        // A filter that matches no test fails the run.
        return reporter.Failed == 0 && reporter.Passed + reporter.Skipped > 0 ? 0 : 1;
    }

    private sealed class Suite : IDisposable
    {
        private readonly NullMessageSink _diagnostics = new();
        private readonly XunitTestFramework _framework;

        public Suite() => _framework = new XunitTestFramework(_diagnostics);

        public IReadOnlyList<ITestCase> Discover(Predicate<string> isWanted)
        {
            using var discoverer = _framework.GetDiscoverer(Reflector.Wrap(Assembly.GetExecutingAssembly()));
            using var sink = new DiscoverySink();
            discoverer.Find(includeSourceInformation: false, sink, new RunOptions());
            sink.Finished.WaitOne();
            return [.. sink.Tests
                .Where(test => isWanted(test.DisplayName))
                .OrderBy(test => test.DisplayName, StringComparer.Ordinal)];
        }

        public void Run(IReadOnlyList<ITestCase> tests, ConsoleReporter reporter)
        {
            using var executor = _framework.GetExecutor(Assembly.GetExecutingAssembly().GetName());
            var options = new RunOptions();

            // The tests share the machine's rings, ports and locked memory, so they must not run at the same time. If a test hangs, the
            // last line names it.
            options.SetValue<bool?>(RunOptions.DisableParallelization, true);
            executor.RunTests(tests, reporter, options);
            reporter.Finished.WaitOne();
        }

        public void Dispose() => _framework.Dispose();
    }
}
