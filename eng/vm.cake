// Runs test suites on real kernels, which tests/vm boots. Defines which commands run on which kernel, and converts the results to outcomes.

// 7.2 is the first kernel with notifications and statistics, and runs everything. The other kernels run only the tests of their
// differences. 6.19 has no device-less mode. 7.0 adds the size of receive buffers, and 7.1 adds the device-less mode. 7.3 adds another
// refill ring and areas that are added later.
const string WholeKernel = "7.2";
// The last release of 7.2 in which a receive that runs out of buffers or completions becomes a stranded request. 7.2.10 fixes this. No
// capability distinguishes the two releases.
const string StrandingKernel = "7.2.9";
// The newest kernel in Debian's suites: a release or a release candidate.
const string NewestKernel = "newest";
// The kernels with the longest runs come first.
string[] kernels = ["7.2", "7.3", "7.1", StrandingKernel, "6.19", "7.0", NewestKernel];

GuestProgram[] guestPrograms = [new("tests/Zcrx.Conformance/Zcrx.Conformance.csproj"), new("examples/Ingest/Ingest.csproj"), new("tests/Zcrx.Chaos/Zcrx.Chaos.csproj")];

// The demo is small in a guest. It checks the chosen engine, the reason for the choice, and that every byte arrives.
GuestCommand[] guestCommands =
[
    // Outside of guests, the emulated kernel is tested with the profile of each kernel release. In a guest, only the differential programs compare
    // it with the real kernel. Tests with a NIC have their own guests.
    new("conformance", "./Zcrx.Conformance --exclude 'emulated 7.' --exclude io_uring --exclude .Nic.", OnlyWhole: false),
    // Runs programs on this kernel and on its emulation. Each run has another seed, which is printed with the result.
    new("differential", "./Zcrx.Conformance differential --programs 150", OnlyWhole: true),
    new("demo", "./Ingest demo --engine auto --connections 8 --volume 2MiB --stall-after 90s", OnlyWhole: false),
    // For a longer run, use --command of tests/vm/run.sh as described in tests/Zcrx.Chaos/README.md.
    new("chaos", "./Zcrx.Chaos --engine device-less --duration 15s --connections 20 --queues 2 --patience 300s", OnlyWhole: true),
];

// Without the device-less mode, every test with a queue would be skipped. Only tests of rings, capabilities and refusals remain.
GuestCommand[] refusingCommands =
[
    guestCommands[0] with { CommandLine = guestCommands[0].CommandLine + " --filter .Capabilities. --filter .Rings. --filter .Queues. --filter .PermissionTests." },
    .. guestCommands[1..],
];

// On a second kernel without the device-less mode, only the conformance tests are useful. The demo would repeat that of 6.19.
GuestCommand[] refusingAgainCommands = [refusingCommands[0]];

// For the first kernel with the device-less mode. It has no notifications. Runs the tests whose results depend on notifications, and the
// tests of the checks that the kernel itself makes.
GuestCommand[] firstCommands =
[
    guestCommands[0] with { CommandLine = guestCommands[0].CommandLine + " --filter .Capabilities. --filter .Rings. --filter .Queues. --filter .PermissionTests. --filter .ExhaustionTests. --filter .Exports." },
    .. guestCommands[1..],
];

// For the newest kernels. Runs the tests of other refill rings, of areas that are added later, and of changes through another ring. Excludes
// tests that would repeat those of 7.2.
GuestCommand[] newCommands =
[
    guestCommands[0] with { CommandLine = guestCommands[0].CommandLine + " --filter .Capabilities. --filter .Queues. --filter .ExhaustionTests. --filter .Refill. --filter .Control. --filter .Registration." },
    .. guestCommands[1..],
];

// Runs the tests that depend on the end of a receive that has run out of buffers.
GuestCommand[] strandingCommands =
[
    new("conformance", "./Zcrx.Conformance --filter .ExhaustionTests. --filter .StrandedReceiveTests. --filter .Backpressure. --exclude 'emulated 7.' --exclude io_uring", OnlyWhole: false),
    new("demo-slow", "./Ingest demo --slow --engine device-less --area 256KiB --connections 8 --volume 2MiB --stall-after 60s", OnlyWhole: false),
    new("chaos", "./Zcrx.Chaos --engine device-less --duration 10s --connections 20 --queues 2 --patience 120s", OnlyWhole: false),
];

GuestCommand[] CommandsOf(string kernel) => kernel switch
{
    StrandingKernel => strandingCommands,
    "6.19" => refusingCommands,
    "7.0" => refusingAgainCommands,
    "7.1" => firstCommands,
    "7.3" or NewestKernel => newCommands,
    _ => guestCommands,
};

// Kernels that are also tested with a virtual NIC (tests/vm/nic), which supports zero copy.
string[] nicKernels = ["7.2", "7.3"];
GuestCommand[] nicCommands =
[
    new("conformance", "./Zcrx.Conformance --filter .Nic. --exclude 'emulated 7.'", OnlyWhole: false),
    // The fixed seed repeats the same programs in each run. The long version below uses new programs.
    new("differential", "./Zcrx.Conformance differential --nic yes --seed 1 --programs 60", OnlyWhole: false),
    new("doctor", "./Ingest doctor --interface $ZCRX_TEST_INTERFACE --queue $ZCRX_TEST_QUEUE; ready=$?; ethtool -G $ZCRX_TEST_INTERFACE tcp-data-split off; ./Ingest doctor --interface $ZCRX_TEST_INTERFACE --queue $ZCRX_TEST_QUEUE; off=$?; ethtool -G $ZCRX_TEST_INTERFACE tcp-data-split on; test $ready = 0 -a $off = 1", OnlyWhole: true),
    NicDemo("2MiB") with { OnlyWhole = true },
    // Leases a queue into a container, receives there without copies, and removes the queue under traffic (tests/vm/nic/guest/netkit).
    new("netkit", "/zcrx/nic/netkit", OnlyWhole: true),
    // Scrambles the RSS table over managed and unmanaged queues under load. The demo itself checks whether each expected remedy worked.
    new("storm", Storm(""), OnlyWhole: true),
];

string Storm(string forbid) =>
    $"./Ingest demo --storm {forbid} --engine nic --interface $ZCRX_TEST_INTERFACE --queue 0 --queues 2 --area 4MiB --sender-netns $ZCRX_TEST_SENDER_NETNS --connections 8 --pace 128KiB --stall-after 90s";

// The long version of the commands above, which takes too long for `test`.
GuestCommand[] longNicCommands =
[
    new("conformance", "./Zcrx.Conformance --filter .Nic. --exclude 'emulated 7.' --long", OnlyWhole: false),
    new("differential", "./Zcrx.Conformance differential --nic yes --programs 500", OnlyWhole: false),
    NicDemo("64MiB"),
    new("storm-without-moves", Storm("--forbid moves"), OnlyWhole: false),
    new("storm-without-steering", Storm("--forbid steering"), OnlyWhole: false),
    new("storm-without-both", Storm("--forbid both"), OnlyWhole: false),
];

// Runs the demo on queue 0, to which RSS sends all packets. Fails if the kernel copied a single byte.
GuestCommand NicDemo(string volume) => new(
    "demo",
    $"./Ingest demo --engine nic --interface $ZCRX_TEST_INTERFACE --queue 0 --sender-netns $ZCRX_TEST_SENDER_NETNS --connections 8 --volume {volume} --stall-after 90s >/tmp/demo; status=$?; cat /tmp/demo; grep -q '^Copied by the kernel: 0%, 0 B of ' /tmp/demo || exit 1; exit $status",
    OnlyWhole: false);

// The kernel versions that run.sh accepts.
const string KernelVersion = @"^([0-9]+\.[0-9]+(\.[0-9]+)*(~rc[0-9]+)?|newest)$";

// The filter becomes part of a command line in the guest.
const string TestName = @"^[A-Za-z0-9_.]+$";

Accepts("test-kernel", values: ["kernel", "arch", "page-size", "filter"], flags: ["nic", "long"], check: () =>
    !System.Text.RegularExpressions.Regex.IsMatch(Argument("kernel", WholeKernel), KernelVersion) ? $"--kernel is a version such as {WholeKernel}, or '{NewestKernel}', not '{Argument<string>("kernel")}'."
    : Argument("arch", "x64") is not ("x64" or "arm64") ? $"--arch is x64 or arm64, not '{Argument<string>("arch")}'."
    : Argument("page-size", "4") is not ("4" or "16") ? $"--page-size is 4 or 16, in KiB, not '{Argument<string>("page-size")}'."
    : Argument("page-size", "4") != "4" && Argument("arch", "x64") != "arm64" ? "--page-size 16 needs --arch arm64: x64 has pages of 4 KiB only."
    : HasArgument("nic") && Argument("arch", "x64") != "x64" ? "--nic needs --arch x64: the virtual NIC is built for that only."
    : !System.Text.RegularExpressions.Regex.IsMatch(Argument("filter", "any"), TestName) ? $"--filter is a part of the names of tests, not '{Argument<string>("filter")}'."
    : HasArgument("filter") && HasArgument("long") ? "--filter runs single tests, and has no long version."
    : HasArgument("long") && !HasArgument("nic") ? "--long needs --nic: only the commands of the virtual NIC have a long version."
    : null);

Task("test-kernel")
    .Description("runs the kernel tests on one real kernel  --kernel <version or newest, 7.2>  [--arch arm64 [--page-size 16]]  [--nic: those with a virtual NIC, --long: at length]  [--filter <part of a name>]")
    .Does(() =>
{
    var kernel = Argument("kernel", WholeKernel);
    var foreign = Argument("arch", "x64") == "x64" ? null : new ForeignGuest(Argument("arch", "x64"), Argument("page-size", "4"));
    PublishGuestPrograms(built: false, foreign);
    var outcome = foreign is not null
        ? RunKernel(kernel, HasArgument("filter") ? FilteredCommands() : CommandsOf(kernel), whole: false, requested: true, seconds: 1800, foreign: foreign)
        : HasArgument("filter")
        ? RunKernel(kernel, FilteredCommands(), whole: false, requested: true, nic: HasArgument("nic"), seconds: 900)
        : HasArgument("nic")
        ? RunKernel(kernel, HasArgument("long") ? longNicCommands : nicCommands, whole: true, requested: true, nic: true, seconds: HasArgument("long") ? 5400 : 900)
        : RunKernel(kernel, CommandsOf(kernel), whole: true, requested: true);
    PrintOutcomes([outcome]);
    lastWords = () => Console.WriteLine($"{outcome.Passed} passed, {outcome.Failed} failed, {outcome.Skipped} skipped");
    if (outcome.Problem is not null)
    {
        throw new CakeException($"{outcome.Suite}: {outcome.Problem}");
    }
});

// Runs only the conformance tests whose names contain the filter.
GuestCommand[] FilteredCommands() => [new("conformance", $"./Zcrx.Conformance --filter {Argument<string>("filter")} --exclude 'emulated 7.' --exclude io_uring", OnlyWhole: false)];

// Returns the kernels of the argument `--kernels` of the target `test`. The default is "all".
string[] WantedKernels() => Argument("kernels", "all").Split(',', StringSplitOptions.TrimEntries);

string KernelsProblem()
{
    var wanted = WantedKernels();
    var known = $"--kernels takes a list of {string.Join(", ", kernels)}, or 'all', or 'none'";
    return wanted is ["all"] or ["none"] ? null
        : wanted.FirstOrDefault(kernel => !kernels.Contains(kernel)) is { } unknown ? $"{known}, not '{unknown}'{(wanted.Length > 1 ? " in a list" : "")}."
        : null;
}

// Returns an error about an argument that limits how many suites or guests run at once, or null.
string CountProblem(string name) =>
    !HasArgument(name) || (int.TryParse(Argument<string>(name), out var count) && count > 0) ? null : $"--{name} is the number of {name} that run at once, not '{Argument<string>(name)}'.";

// Runs the guests for the target `test`, which has built the solution, and returns one outcome per guest. `--kernels 7.2,7.3` selects
// kernels, and `--kernels none` runs none. With enough processors, several guests run at once (`--guests`).
IReadOnlyList<SuiteOutcome> TestKernels()
{
    var wanted = WantedKernels();
    if (wanted is ["none"])
    {
        return [.. kernels.Select(kernel => LeftOut(kernel, wanted))];
    }

    var requested = wanted is not ["all"];
    // The run id prevents repeated attempts to fetch an unavailable package index within one run (tests/vm/lib/index.sh).
    Environment.SetEnvironmentVariable("ZCRX_VM_RUN", Guid.NewGuid().ToString());
    var guests = kernels.SelectMany(kernel => nicKernels.Contains(kernel) ? new[] { (Kernel: kernel, Nic: false), (Kernel: kernel, Nic: true) } : [(kernel, false)])
        .Where(guest => !guest.Nic || !requested || wanted.Contains(guest.Kernel)).ToList();
    var covered = wanted.Contains(NewestKernel) || !requested ? NewestCoveredBy([.. kernels.Where(kernel => kernel != NewestKernel && (!requested || wanted.Contains(kernel)))]) : null;
    PublishGuestPrograms(built: true);
    // Installs packages before the guests, because guests that start at once would install the same packages concurrently.
    Run("tests/vm/host-needs.sh");
    var outcomes = new SuiteOutcome[guests.Count];
    var atOnce = int.Max(1, Argument("guests", int.Clamp(Environment.ProcessorCount / 2, 1, 4)));
    ForEachAtOnce(
        guests.Count,
        atOnce,
        i =>
        {
            var (kernel, nic) = guests[i];
            outcomes[i] = kernel == NewestKernel && covered is not null ? covered
                : !requested || wanted.Contains(kernel)
                ? RunKernel(kernel, nic ? nicCommands : CommandsOf(kernel), whole: kernel == WholeKernel, requested, nic, run: atOnce == 1 ? Run : (program, arguments) => RunAside($"-- Linux {kernel}{(nic ? " NIC" : "")} has ended:", program, arguments))
                : LeftOut(kernel, wanted);
        });
    return outcomes;
}

// Returns a skipped outcome for the newest kernel if another entry of this run boots the same kernel, otherwise null.
SuiteOutcome NewestCoveredBy(string[] others)
{
    using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("tests/vm/newest-kernel.sh", others) { RedirectStandardOutput = true, UseShellExecute = false });
    var answer = process.StandardOutput.ReadToEnd().Split('\n')[0].Split(' ');
    process.WaitForExit();
    // If the kernel cannot be fetched, its own run reports this.
    return process.ExitCode == 0 && answer is [var version, var other]
        ? new(KernelSuite(NewestKernel), 0, 0, 1, [], [$"Debian's newest kernel is {version}: covered by Linux {other}"], null)
        : null;
}

void PublishGuestPrograms(bool built, ForeignGuest foreign = null)
{
    foreach (var program in guestPrograms)
    {
        var directory = program.DirectoryFor(foreign);
        CleanDirectory(directory);
        string[] arguments = ["publish", program.Project, "--configuration", Configuration, "--output", directory, "--nologo", "--verbosity", "quiet"];
        if (foreign is not null)
        {
            // No .NET runtime for the guest's architecture is installed here, so the program must contain it.
            arguments = [.. arguments, "--runtime", $"linux-{foreign.Architecture}", "--self-contained"];
        }

        if (Run("dotnet", built ? [.. arguments, "--no-build"] : [.. arguments, "-consoleLoggerParameters:NoSummary"]) != 0)
        {
            throw new CakeException($"{program.Project} cannot be published; the errors are above.");
        }
    }
}

SuiteOutcome RunKernel(string kernel, IEnumerable<GuestCommand> commandsOfGuest, bool whole, bool requested, bool nic = false, int? seconds = null, Func<string, string[], int> run = null, ForeignGuest foreign = null)
{
    var suffix = nic ? " NIC" : foreign?.Suffix ?? "";
    var directory = nic ? "artifacts/vm/nic" : "artifacts/vm";
    Console.WriteLine($"== Linux {kernel}{suffix}");
    var results = $"{directory}/{kernel}{foreign?.Flavour}/results.tsv";
    if (FileExists(results))
    {
        DeleteFile(results);
    }

    List<string> arguments = ["--kernel", kernel, "--artifacts", directory, "--nic", nic ? "yes" : "no", "--timeout", $"{seconds ?? (whole ? 1200 : 900)}"];
    if (foreign is not null)
    {
        arguments.AddRange(["--arch", foreign.Architecture, "--page-size", foreign.PageSize]);
    }

    foreach (var program in guestPrograms)
    {
        arguments.AddRange(["--program", program.DirectoryFor(foreign)]);
    }

    foreach (var command in commandsOfGuest.Where(command => whole || !command.OnlyWhole))
    {
        arguments.AddRange(["--command", $"{command.Name}: {command.CommandLine}"]);
    }

    var clock = System.Diagnostics.Stopwatch.StartNew();
    var code = (run ?? Run)("tests/vm/run.sh", [.. arguments]);
    if (!FileExists(results))
    {
        return new(KernelSuite(kernel) + suffix, 0, 0, 0, [], [], $"tests/vm/run.sh ended with exit code {code} and left no results");
    }

    var records = System.IO.File.ReadLines(results).Select(line => line.Split('\t')).ToLookup(fields => fields[0]);
    if (records["skipped"].FirstOrDefault() is { } skipped)
    {
        return NotTested(kernel + suffix, skipped[2], requested);
    }

    var commands = records["command"].ToList();
    var failures = records["test"].Where(test => test[2] == "FAIL").Select(test => $"{test[3]}: {test[4]}")
        .Concat(commands.Where(command => command[8] != "").Select(command => $"{command[1]}: {command[8]}"))
        .Concat(records["kernel-log"].Where(message => message[2] == "trouble").Select(message => $"kernel log: {message[3]}"))
        .ToList();
    var failed = commands.Sum(command => int.Parse(command[6]));
    return new(
        KernelSuite(kernel, records["guest"].First()[1]) + suffix,
        commands.Sum(command => int.Parse(command[5])),
        failed,
        commands.Sum(command => int.Parse(command[7])),
        failures,
        [.. records["test"].Where(test => test[2] == "SKIP").Select(test => test[4] == "" ? $"{test[3]} gives no reason" : test[4])],
        failed > 0 ? $"{failed} failed" : code != 0 ? $"tests/vm/run.sh ended with exit code {code} although nothing failed" : null)
    {
        Parts = [.. commands.Select(command => $"{command[1]}: {command[5]} passed, {command[6]} failed, {command[7]} skipped")],
        Duration = clock.Elapsed,
    };
}

// Returns the outcome of a kernel that the user has excluded.
SuiteOutcome LeftOut(string kernel, string[] wanted) => new(KernelSuite(kernel), 0, 0, 1, [], [$"excluded by --kernels {string.Join(',', wanted)}"], null);

// Returns the outcome of a kernel that this machine cannot run. The kernel is skipped. It fails the build if the user has named it. It also
// fails in continuous integration, which must not pass without testing anything.
SuiteOutcome NotTested(string kernel, string reason, bool requested)
{
    Console.Error.WriteLine($"!!! Linux {kernel} NOT TESTED: {reason}");
    return new(KernelSuite(kernel), 0, 0, 1, [], [reason], requested || IsContinuousIntegration() ? $"not tested: {reason}" : null);
}

string KernelSuite(string kernel, string release = null)
{
    var version = string.IsNullOrEmpty(release) ? null : release.Split('+', '-')[0];
    return kernel == NewestKernel ? $"Linux {kernel}{(version is null ? "" : $" ({version})")}" : $"Linux {version ?? kernel}";
}

public sealed record GuestProgram(string Project)
{
    public string DirectoryFor(ForeignGuest guest) => $"artifacts/vm/programs{(guest is null ? "" : $"-{guest.Architecture}")}/{System.IO.Path.GetFileNameWithoutExtension(Project)}";
}

// Describes a guest whose architecture differs from this machine's.
public sealed record ForeignGuest(string Architecture, string PageSize)
{
    // The suffix that run.sh appends to the kernel version.
    public string Flavour => PageSize == "4" ? $"-cloud-{Architecture}" : $"-{Architecture}-{PageSize}k";

    public string Suffix => $" {Architecture}{(PageSize == "4" ? "" : $" with pages of {PageSize} KiB")}";
}

// Describes a command of a guest. OnlyWhole marks a command that runs only on kernels that run everything.
public sealed record GuestCommand(string Name, string CommandLine, bool OnlyWhole);
