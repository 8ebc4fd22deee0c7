// Builds once, runs each test suite separately, and reads the outcomes from the result files instead of the printed output.
Accepts("test", values: ["kernels", "guests", "suites"], check: () => KernelsProblem() ?? CountProblem("guests") ?? CountProblem("suites"));

Task("test")
    .Description("builds everything and runs all test suites, also on real kernels  [--kernels 7.2,7.3|none] [--suites N at once] [--guests N at once]")
    .Does(() =>
{
    var results = artifacts.Combine("test");
    CleanDirectory(results);
    Build(Solution);
    InstallForeignClients();
    ProvideSyslogClients();

    var suites = TestSuites().ToArray();
    var read = new SuiteOutcome[suites.Length];
    // A suite waits for most of its time. Two at once shorten the run, also on two processors.
    ForEachAtOnce(
        suites.Length,
        Argument("suites", 2),
        i =>
        {
            var suite = suites[i].GetFilenameWithoutExtension().ToString();
            var trx = results.CombineWithFilePath(suite + ".trx").FullPath;
            var clock = System.Diagnostics.Stopwatch.StartNew();

            // --blame-hang ends a hanging test and reports its name. Otherwise the timeout of the caller would end the whole build.
            var code = RunAside($"== {suite}", "dotnet", ["test", OutputOf(suites[i]), "--nologo",
                "--results-directory", results.FullPath, "--logger", $"trx;LogFileName={suite}.trx",
                "--blame-hang", "--blame-hang-timeout", "10min", "--blame-hang-dump-type", "none"]);
            read[i] = SuiteOutcome.Read(suite, trx, code) with { Duration = clock.Elapsed };
        });
    var outcomes = new List<SuiteOutcome>(read) { TestDocs() };
    outcomes.AddRange(TestKernels());

    PrintOutcomes(outcomes);
    lastWords = () => Console.WriteLine(
        $"{outcomes.Sum(o => o.Passed)} passed, {outcomes.Sum(o => o.Failed)} failed, {outcomes.Sum(o => o.Skipped)} skipped");

    var problems = outcomes.Where(outcome => outcome.Problem is not null).Select(outcome => $"{outcome.Suite}: {outcome.Problem}");
    if (problems.Any())
    {
        throw new CakeException(string.Join("; ", problems));
    }
});

// Builds the site. Runs after the suites, because it publishes the libraries that the suites read.
SuiteOutcome TestDocs()
{
    const string suite = "docs";
    var clock = System.Diagnostics.Stopwatch.StartNew();
    if (!InstallDocfx())
    {
        return new(suite, 0, 0, 1, [], [$"docfx {DocfxVersion} cannot be installed"], null);
    }

    try
    {
        return new(suite, 1, 0, 0, [], [], null) { Parts = [BuildDocs()], Duration = clock.Elapsed };
    }
    catch (CakeException exception)
    {
        return new(suite, 0, 1, 0, [exception.Message], [], "1 failed") { Duration = clock.Elapsed };
    }
}

// Installs the programs that tests use as independent clients or compare with the results of netlink. If a program cannot be installed, its
// tests are skipped and name the package. tests/vm/README.md lists everything that `test` installs.
void InstallForeignClients()
{
    (string Program, string Package)[] clients = [("ip", "iproute2"), ("ethtool", "ethtool"), ("nc", "netcat-openbsd"), ("ncat", "ncat"), ("socat", "socat"), ("curl", "curl"), ("python3", "python3"), ("busybox", "busybox-static"), ("logger", "bsdutils"), ("chromium", "chromium"), ("promtool", "prometheus"), ("h2load", "nghttp2-client"), ("wrk", "wrk"), ("ld", "binutils"), ("gcc", "gcc")];
    // Modules of Debian's own Python.
    (string Module, string Package)[] modules = [("websockets", "python3-websockets"), ("grpc", "python3-grpcio")];
    string[] Missing() =>
    [
        // The native compiler links programs with zlib.
        .. FileExists("/usr/include/zlib.h") ? Array.Empty<string>() : ["zlib1g-dev"],
        .. clients.Where(client => Context.Tools.Resolve(client.Program) is null).Select(client => client.Package),
        .. modules.Where(module => !DirectoryExists($"/usr/lib/python3/dist-packages/{module.Module}")).Select(module => module.Package),
    ];

    if (Missing() is { Length: > 0 } missing && Run("eng/apt-install.sh", missing) != 0)
    {
        var packages = string.Join(' ', Missing());
        Console.WriteLine($"Could not install {packages}; the tests that need them are skipped. Run as root: apt-get install {packages}");
    }
}

// Provides the database and the independent syslog senders that LogIngest.Tests uses. Tests whose program is missing are skipped.
void ProvideSyslogClients()
{
    if (!HasPostgres() && Run("eng/apt-install.sh", "postgresql") != 0)
    {
        Console.WriteLine("Could not install postgresql; the tests that need it are skipped. Run as root: apt-get install postgresql");
    }

    var clients = artifacts.Combine("syslog-clients");
    if (Run("eng/syslog-clients.sh", clients.FullPath) != 0)
    {
        Console.WriteLine("Could not download syslog-ng-core or rsyslog-pgsql; the tests that need loggen or rsyslogd are skipped.");
    }

    Environment.SetEnvironmentVariable("PATH", $"{clients.FullPath}/bin:{EnvironmentVariable("PATH")}");
}

// The suites that take longest come first.
string[] longSuites = ["Zcrx.Conformance", "Ingest.Tests", "Zcrx.Dashboard.Tests", "Zcrx.Rx.Tests", "Zcrx.Packages.Tests"];

IEnumerable<FilePath> TestSuites() => GetFiles("./tests/*/*.csproj")
    .Where(project => project.FullPath.EndsWith(".Tests.csproj") || project.FullPath.EndsWith("/Zcrx.Conformance.csproj"))
    .OrderBy(project => (uint)Array.IndexOf(longSuites, project.GetFilenameWithoutExtension().ToString()))
    .ThenBy(project => project.FullPath, StringComparer.Ordinal);

void PrintOutcomes(IReadOnlyList<SuiteOutcome> outcomes)
{
    var width = outcomes.Max(outcome => outcome.Suite.Length);
    Console.WriteLine();
    Console.WriteLine($"{"suite".PadRight(width)}  passed  failed  skipped     time");
    foreach (var outcome in outcomes)
    {
        Console.WriteLine($"{outcome.Suite.PadRight(width)}  {outcome.Passed,6}  {outcome.Failed,6}  {outcome.Skipped,7}  {outcome.Duration.TotalSeconds,5:0} s");
        foreach (var part in outcome.Parts)
        {
            Console.WriteLine($"  {part}");
        }

        foreach (var failure in outcome.Failures)
        {
            Console.WriteLine($"  failed: {failure.Replace("\n", "\n    ")}");
        }

        foreach (var reason in outcome.SkipReasons.GroupBy(reason => reason).OrderByDescending(group => group.Count()))
        {
            Console.WriteLine($"  {reason.Count()} skipped: {reason.Key}");
        }
    }

    Console.WriteLine();
}

public sealed record SuiteOutcome(
    string Suite, int Passed, int Failed, int Skipped, IReadOnlyList<string> Failures, IReadOnlyList<string> SkipReasons, string Problem)
{
    // The wall time of the suite or the guest.
    public TimeSpan Duration { get; init; }

    // Contains one line per guest command with its counts, or one line per measurement of a test.
    public IReadOnlyList<string> Parts { get; init; } = [];

    public static SuiteOutcome Read(string suite, string trx, int exitCode)
    {
        if (!System.IO.File.Exists(trx))
        {
            return new(suite, 0, 0, 0, [], [], $"the run ended with exit code {exitCode} and left no results");
        }

        var document = XDocument.Load(trx);
        var tests = document.Descendants().Where(element => element.Name.LocalName == "UnitTestResult").ToList();
        var passed = tests.Where(test => Is(test, "Passed")).ToList();
        var skipped = tests.Where(test => Is(test, "NotExecuted")).ToList();
        var failed = tests.Except(passed).Except(skipped).ToList();
        var problem = (failed.Count, exitCode, tests.Count) switch
        {
            (> 0, _, _) => $"{failed.Count} failed",
            (_, not 0, _) => $"the run ended with exit code {exitCode} although no test reported a failure (a crash or a hang)",
            (_, _, 0) => "no test ran",
            _ => null,
        };
        return new(suite, passed.Count, failed.Count, skipped.Count, [.. failed.Select(Failure)], [.. skipped.Select(Reason)], problem)
        {
            Parts = [.. tests.SelectMany(Measurements)],
        };
    }

    private static bool Is(XElement test, string outcome) => (string)test.Attribute("outcome") == outcome;

    private static string Name(XElement test) => (string)test.Attribute("testName");

    // Returns the name of a failed test and its message, and where it failed. Of a long message, it returns the first and the last lines.
    private static string Failure(XElement test)
    {
        const int First = 12, Last = 12, Width = 300;
        var message = Lines(test, "Message").ToList();
        var shown = message.Count <= First + Last ? message : [.. message.Take(First), $"... {message.Count - First - Last} lines ...", .. message.TakeLast(Last)];
        return string.Join('\n', [Name(test), .. shown.Concat(Lines(test, "StackTrace").Take(3)).Select(line => line.Length > Width ? line[..Width] + "..." : line)]);
    }

    private static IEnumerable<string> Lines(XElement test, string element) => test.Descendants()
        .FirstOrDefault(child => child.Name.LocalName == element)?.Value.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0) ?? [];

    // Returns the measurements of a test: the lines of its output that begin with `measured: `.
    private static IEnumerable<string> Measurements(XElement test) => test.Descendants().Where(element => element.Name.LocalName is "StdOut")
        .SelectMany(element => element.Value.Split('\n'))
        .Where(line => line.StartsWith("measured: ", StringComparison.Ordinal))
        .Select(line => line.Trim());

    private static string Reason(XElement test)
    {
        var text = test.Descendants().FirstOrDefault(element => element.Name.LocalName is "Message")?.Value
            ?? test.Descendants().FirstOrDefault(element => element.Name.LocalName is "StdOut")?.Value;
        return string.IsNullOrWhiteSpace(text) ? $"{Name(test)} gives no reason" : string.Join(' ', text.Split((char[])null, StringSplitOptions.RemoveEmptyEntries));
    }
}
