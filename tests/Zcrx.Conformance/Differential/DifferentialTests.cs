using Zcrx.Conformance.Nic;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Differential;

/// <summary>
/// Tests the search for differences on kernels with known differences. <see cref="DifferentialRunner"/> runs the search on a real kernel.
/// </summary>
public class DifferentialTests : IClassFixture<LeakCheck>
{
    private const int Seed = 2026;

    private static readonly EmulatedKernelOptions Options = new() { Profile = EmulatedKernelProfile.Linux72 };

    private static readonly Dictionary<string, (Func<IIoUringKernel> Kernel, int Operations)> Planted = new()
    {
        // The number is the maximum length of the reduced program.
        ["notifications are lost"] = (() => new EmulatedKernel(Options with { Faults = new EmulatedFaultPlan { DropNotifications = true } }), 5),
        ["arming is always accepted"] = (() => PlantedKernel.ArmsAlways(new EmulatedKernel(Options)), 3),
        ["flushing does nothing"] = (() => PlantedKernel.NeverFlushes(new EmulatedKernel(Options)), 7),
        ["another release"] = (() => new EmulatedKernel(Options with { Profile = EmulatedKernelProfile.Linux73 }), 2),
    };

    public static TheoryData<string> Differences => [.. Planted.Keys];

    [Theory]
    [InlineData("emulated 7.1")]
    [InlineData("emulated 7.2")]
    [InlineData("emulated 7.3")]
    public void A_kernel_agrees_with_itself(string name)
    {
        using StringWriter output = new();
        Assert.Equal(0, DifferentialRunner.Run(new Side(KernelUnderTest.Create(name)), new Side(KernelUnderTest.Create(name)), Seed, 0, 60, output));
        Assert.Contains("60 programs agreed, 0 differed", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("emulated 7.2")]
    [InlineData("emulated 7.3")]
    public void A_kernel_with_an_interface_agrees_with_itself(string name)
    {
        using StringWriter output = new();
        Assert.Equal(0, DifferentialRunner.Execute(["--nic", "yes", "--left", name, "--right", name, "--seed", "2026", "--programs", "40"], output, TextWriter.Null));
        Assert.Contains("40 programs agreed, 0 differed", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public void A_difference_is_found_and_reduced_to_the_operations_that_show_it(string difference)
    {
        (Func<IIoUringKernel> create, int operations) = Planted[difference];
        Side right = new(KernelUnderTest.Of("right", create()));
        Side left = new(KernelUnderTest.Of("left", new EmulatedKernel(Options)));
        DifferentialProgram program = Enumerable.Range(0, 100).Select(number => ProgramGenerator.Create(Seed, number)).First(program => !Comparison.Run(left, right, program).IsAgreed);

        DifferentialProgram smallest = Reducer.Reduce(program, shorter => !Comparison.Run(left, right, shorter).IsAgreed);

        Assert.InRange(smallest.Operations.Count, 1, operations);
        Comparison comparison = Comparison.Run(left, right, smallest);
        Assert.False(comparison.IsAgreed);
        Assert.Contains($"* {smallest.Operations[^1]}", comparison.SideBySide(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("copies", 5)]
    [InlineData("notifications", 7)]
    public void A_difference_of_an_interface_is_found_and_reduced(string difference, int operations)
    {
        EmulatedFaultPlan faults = new() { ForceCopies = difference == "copies", DropNotifications = difference == "notifications" };
        using NicSlots one = new(NicUnderTest.Open("emulated 7.2"));
        using NicSlots other = new(EmulatedNicUnderTest.Open("emulated 7.2", faults));
        Side left = new(one.Nic.Kernel, one);
        Side right = new(other.Nic.Kernel, other);
        DifferentialProgram program = Enumerable.Range(0, 100).Select(number => NicProgramGenerator.Create(Seed, number)).First(program => !Comparison.Run(left, right, program).IsAgreed);

        DifferentialProgram smallest = Reducer.Reduce(program, shorter => !Comparison.Run(left, right, shorter).IsAgreed);

        Assert.InRange(smallest.Operations.Count, 1, operations);
    }

    [Fact]
    public void Differences_are_named_shown_and_counted()
    {
        using StringWriter output = new();
        Side left = new(KernelUnderTest.Of("left", new EmulatedKernel(Options)));
        Side right = new(KernelUnderTest.Of("right", PlantedKernel.ArmsAlways(new EmulatedKernel(Options))));
        Assert.Equal(1, DifferentialRunner.Run(left, right, Seed, 0, 20, output));
        string text = output.ToString();
        Assert.Contains($"FAIL program {Seed}:", text, StringComparison.Ordinal);
        Assert.Contains("Reduced from ", text, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^\d+ passed, [1-9]\d* failed, 0 skipped$", text);
    }

    [Fact]
    public void Wrong_bytes_are_found_even_when_both_kernels_agree_on_them()
    {
        Side kernel = new(KernelUnderTest.Of("left", new EmulatedKernel(Options)));
        DifferentialProgram program = new("by hand", true, []);
        Comparison comparison = new(kernel, kernel, program, ["BROKEN: wrong bytes"], ["BROKEN: wrong bytes"]);
        Assert.False(comparison.IsAgreed);
    }

    [Theory]
    [InlineData("-; request 3: 39212 bytes in 9 8; request 3 ends with -ENOMEM", "-; request 3: 40960 bytes in 9 8; request 3 ends with -ENOMEM", true)]
    [InlineData("-; request 3: 39212 bytes in 9 8; request 3 ends with -ENOMEM", "-; request 3: 40960 bytes in 9 8", false)]
    [InlineData("-; request 3: 39212 bytes in 9 8", "-; request 3: 40960 bytes in 9 8 7", false)]
    [InlineData("-; request 3: 39212 bytes in 9 8; BROKEN: wrong bytes", "-; request 3: 40960 bytes in 9 8; BROKEN: wrong bytes", false)]
    public void Only_a_different_number_of_bytes_in_the_same_buffers_is_attributed_to_packets(string left, string right, bool isPackets)
    {
        Side kernel = new(KernelUnderTest.Of("left", new EmulatedKernel(Options)));
        DifferentialProgram program = new("by hand", true, []);
        // "1" and "2" are different outcomes of a later step. They must not matter, because the first difference decides.
        Comparison comparison = new(kernel, kernel, program, ["0", left, "1"], ["0", right, "2"]);
        Assert.Equal(isPackets, comparison.DiffersInPackets);
        Assert.False(comparison.IsAgreed);
    }

    [Fact]
    public void The_same_seed_makes_the_same_programs()
    {
        Assert.Equal(ProgramGenerator.Create(Seed, 7).Operations, ProgramGenerator.Create(Seed, 7).Operations);
        Assert.NotEqual(ProgramGenerator.Create(Seed, 7).Operations, ProgramGenerator.Create(Seed, 8).Operations);
        Assert.NotEqual(ProgramGenerator.Create(Seed, 7).Operations, ProgramGenerator.Create(Seed + 1, 7).Operations);
    }

    /// <summary>Checks that programs make progress. Programs without any effect would also agree.</summary>
    [SkippableFact]
    public void Generated_programs_reach_all_outcomes()
    {
        Skip.If(TestMemory.Page > 4096, "the generated programs send too few bytes to fill a completion ring with larger pages");
        Side kernel = new(KernelUnderTest.Of("emulated 7.3", new EmulatedKernel(Options with { Profile = EmulatedKernelProfile.Linux73 })));
        Dictionary<string, int> reached = [];
        for (int number = 0; number < 300; number++)
        {
            DifferentialProgram program = ProgramGenerator.Create(Seed, number);
            IReadOnlyList<string> steps = ProgramRun.Execute(kernel, program);
            for (int i = 0; i < program.Operations.Count; i++)
            {
                Count(reached, program.Operations[i].Kind.ToString(), steps[i] is not ("-" or "taken" or "0 returned"));
                foreach (string end in steps[i].Split("; ").Where(part => part.Contains(" ends with ", StringComparison.Ordinal) && part.StartsWith("request", StringComparison.Ordinal)))
                {
                    Count(reached, end[(end.IndexOf(" ends with ", StringComparison.Ordinal) + 11)..], true);
                }

                Count(reached, "notification", steps[i].Contains("notification", StringComparison.Ordinal));
                Count(reached, "left by an invalid entry", program.Operations[i].Kind == OperationKind.Flush && steps[i].StartsWith("0, ", StringComparison.Ordinal) && !steps[i].Contains(" 0 left", StringComparison.Ordinal) && program.WholePages);
                Count(reached, "armed", program.Operations[i].Kind == OperationKind.Arm && steps[i] == "0");
                Count(reached, "imported", program.Operations[i].Kind == OperationKind.Import && steps[i].StartsWith("0, ", StringComparison.Ordinal));
            }
        }

        string[] wanted =
        [
            .. Enum.GetNames<OperationKind>().Except(["Steer", "LinkDown", "LinkUp", "Exhaust"]), "0", "-ENOMEM", "-ENOSPC", "-ECANCELED", "-ECONNRESET", "-EBADF", "notification", "left by an invalid entry", "armed", "imported",
        ];
        Assert.All(wanted, what => Assert.True(reached.GetValueOrDefault(what) >= 3, $"{what}: {reached.GetValueOrDefault(what)} times"));
    }

    [Fact]
    public void Generated_programs_for_an_interface_reach_all_outcomes()
    {
        using NicSlots slots = new(NicUnderTest.Open("emulated 7.3"));
        Side side = new(slots.Nic.Kernel, slots);
        Dictionary<string, int> reached = [];
        for (int number = 0; number < 200; number++)
        {
            DifferentialProgram program = NicProgramGenerator.Create(Seed, number);
            IReadOnlyList<string> steps = ProgramRun.Execute(side, program);
            for (int i = 0; i < program.Operations.Count; i++)
            {
                Count(reached, program.Operations[i].Kind.ToString(), steps[i] is not ("-" or "taken"));
                foreach (string end in steps[i].Split("; ").Where(part => part.Contains(" ends with ", StringComparison.Ordinal) && part.StartsWith("request", StringComparison.Ordinal)))
                {
                    Count(reached, end[(end.IndexOf(" ends with ", StringComparison.Ordinal) + 11)..], true);
                }

                Count(reached, "a queue that is taken", steps[i].StartsWith("-EEXIST", StringComparison.Ordinal));
                Count(reached, "out of buffers", steps[i].StartsWith("reported", StringComparison.Ordinal));
                Count(reached, "a copy reported", steps[i].Contains(": type 1", StringComparison.Ordinal));
            }
        }

        string[] wanted =
        [
            "OpenRing", "CloseRing", "Register", "Connect", "Send", "EndSending", "Reset", "EndReceiving", "CloseReceiver", "ReceiveFrom", "Cancel", "Return", "Flush", "Arm",
            "Export", "CloseExport", "Import", "AddArea", "Steer", "LinkDown", "LinkUp", "Exhaust", "0", "-EFAULT", "-ECANCELED", "-ECONNRESET",
            "a queue that is taken", "out of buffers", "a copy reported",
        ];
        Assert.All(wanted, what => Assert.True(reached.GetValueOrDefault(what) >= 3, $"{what}: {reached.GetValueOrDefault(what)} times"));
    }

    [Fact]
    public void An_unknown_option_is_named()
    {
        using StringWriter error = new();
        Assert.Equal(2, DifferentialRunner.Execute(["--sead", "1"], TextWriter.Null, error));
        Assert.Contains("--sead", error.ToString(), StringComparison.Ordinal);
    }

    private static void Count(Dictionary<string, int> counts, string what, bool isReached)
    {
        if (isReached)
        {
            counts[what] = counts.GetValueOrDefault(what) + 1;
        }
    }
}
