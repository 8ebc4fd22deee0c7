using System.Globalization;
using System.Security.Cryptography;
using Zcrx.Conformance.Nic;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Differential;

/// <summary>
/// Runs generated programs on two kernels and prints one line per program. For a difference, prints the smallest program that shows it.
/// </summary>
internal static class DifferentialRunner
{
    public const string Verb = "differential";

    // The number of programs that are reduced. Each reduction runs hundreds of programs, so further failures are not reduced.
    private const int MostReductions = 5;
    // The largest number of repetitions of a program for which TCP may have cut the stream differently on the two kernels.
    private const int MostRepetitions = 3;

    private const string Usage = """
        Usage: Zcrx.Conformance differential [--seed N] [--programs N] [--first N] [--left KERNEL] [--right KERNEL] [--nic yes]

          --seed N        what the programs are made from (by default a random number; it is printed)
          --programs N    how many (500)
          --first N       the number of the first one (0): with --programs 1 one program of a seed
          --left KERNEL   "linux" (the default) or "emulated 7.2"
          --right KERNEL  by default the emulated kernel with the profile of this machine's own
          --nic yes       programs for a network interface: the one that the environment names (docs/nic-testing.md), and an emulated one

        Exit code: 0 all agreed or the kernel lacks something (it says what), 1 some differed, 2 wrong usage.
        """;

    public static int Execute(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal)
        {
            ["--seed"] = RandomNumberGenerator.GetInt32(1, 1_000_000).ToString(CultureInfo.InvariantCulture),
            ["--programs"] = "500",
            ["--first"] = "0",
            ["--left"] = KernelUnderTest.Linux,
            ["--nic"] = "no",
            ["--right"] = KernelUnderTest.NameOf(EmulatedKernelProfile.ForRelease(HostFacts.Read().KernelRelease) ?? EmulatedKernelProfile.Linux73),
        };
        if (args is ["--help" or "-h"])
        {
            output.WriteLine(Usage);
            return 0;
        }

        for (int i = 0; i < args.Count; i += 2)
        {
            if (i + 1 == args.Count || !options.ContainsKey(args[i]))
            {
                error.WriteLine($"Unknown argument: '{args[i]}'.{Environment.NewLine}{Usage}");
                return 2;
            }

            options[args[i]] = args[i + 1];
        }

        if (!int.TryParse(options["--seed"], out int seed) || !int.TryParse(options["--programs"], out int programs) || !int.TryParse(options["--first"], out int first))
        {
            error.WriteLine($"An argument is not a number.{Environment.NewLine}{Usage}");
            return 2;
        }

        try
        {
            return options["--nic"] == "yes"
                ? RunOnNics(options["--left"], options["--right"], seed, first, programs, output)
                : RunDeviceLess(options["--left"], options["--right"], seed, first, programs, output);
        }
        catch (SkipException skip)
        {
            output.WriteLine($"SKIP programs [{skip.Message}]");
            output.WriteLine("0 passed, 0 failed, 1 skipped");
            return 0;
        }
    }

    /// <summary>Runs programs on two sides.</summary>
    /// <returns>0 when both sides agreed on all programs.</returns>
    public static int Run(Side left, Side right, int seed, int first, int programs, TextWriter output)
    {
        bool onNics = left.Nic is not null && right.Nic is not null;
        output.WriteLine($"{programs} programs of seed {seed}, on {left.Kernel.Kernel.Description} and on {right.Kernel.Kernel.Description}{(onNics ? ", with an interface" : "")}");
        int differed = 0;
        for (int number = first; number < first + programs; number++)
        {
            DifferentialProgram program = onNics ? NicProgramGenerator.Create(seed, number) : ProgramGenerator.Create(seed, number);
            Comparison comparison = Comparison.Run(left, right, program);
            int again = 0;
            // A difference that remains in every repetition is a difference between the kernels, not between packets.
            while (comparison.DiffersInPackets && again < MostRepetitions)
            {
                again++;
                output.WriteLine($"     program {seed}:{number} runs again because its packets may differ: {comparison.FirstDifference()}");
                comparison = Comparison.Run(left, right, program);
            }

            if (comparison.IsAgreed)
            {
                output.WriteLine($"PASS program {seed}:{number}");
                continue;
            }

            differed++;
            output.WriteLine($"FAIL program {seed}:{number} [{comparison.FirstDifference()}]");
            if (differed <= MostReductions)
            {
                output.WriteLine(Explain(comparison));
            }

            output.Flush();
        }

        output.WriteLine($"seed {seed}: {programs - differed} programs agreed, {differed} differed");
        output.WriteLine($"{programs - differed} passed, {differed} failed, 0 skipped");
        output.Flush();
        return differed == 0 ? 0 : 1;
    }

    private static int RunDeviceLess(string left, string right, int seed, int first, int programs, TextWriter output)
    {
        // Skips kernels that strand requests. Such a request waits for the next packet, and it is unspecified how TCP cuts the stream into
        // packets.
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLessWithEnds(left);
        return Run(new Side(kernel), new Side(KernelUnderTest.OpenDeviceLess(right)), seed, first, programs, output);
    }

    private static int RunOnNics(string left, string right, int seed, int first, int programs, TextWriter output)
    {
        using NicSlots one = new(NicUnderTest.Open(left, ZcrxFeature.Notifications, ZcrxFeature.Statistics));
        using NicSlots other = new(NicUnderTest.Open(right, ZcrxFeature.Notifications, ZcrxFeature.Statistics));
        return Run(new Side(one.Nic.Kernel, one), new Side(other.Nic.Kernel, other), seed, first, programs, output);
    }

    private static string Explain(Comparison comparison)
    {
        Comparison smallest = comparison;
        Reducer.Reduce(comparison.Program, program =>
        {
            Comparison again = Comparison.Run(comparison.LeftSide, comparison.RightSide, program);
            smallest = again.IsAgreed ? smallest : again;
            return !again.IsAgreed;
        });
        string heading = smallest == comparison
            ? "     The program could not be reduced. If a repetition does not differ, the difference depends on timing:"
            : $"     Reduced from {comparison.Program.Operations.Count} operations to {smallest.Program.Operations.Count}:";
        return heading + Environment.NewLine + smallest.SideBySide();
    }
}
