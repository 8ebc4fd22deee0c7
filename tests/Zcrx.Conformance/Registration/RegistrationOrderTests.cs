using Zcrx.Conformance.Differential;
using Zcrx.Conformance.Support;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Registration;

/// <summary>
/// Tests registrations with two mistakes. The error shows which of them the kernel checks first. <see cref="MistakeOrderTests"/> tests all
/// pairs.
/// </summary>
public class RegistrationOrderTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, int> Table = new()
    {
        ["parameters: device-less with an interface + area: no description"] = -EINVAL,
        ["parameters: no refill entries + region: too short for the entries"] = -EINVAL,
        ["area: length 0 + area: unaligned address"] = -EFAULT,
        ["area: address 0 + area: begins on the guard page"] = -EOVERFLOW,
        ["area: address 0 + region: size 0"] = -EINVAL,
        ["region: address 0 + region: begins on the guard page"] = -EOVERFLOW,
        ["region: address 0 + parameters: buffer length 100"] = -EFAULT,
        ["region: size 0 + parameters: unknown interface"] = -EINVAL,
        ["parameters: unknown interface + parameters: buffer length 100"] = -ENODEV,
        ["parameters: interface without queue management + parameters: buffer length 100"] = -EOPNOTSUPP,
    };

    private static readonly Dictionary<string, int> EventTable = new()
    {
        ["events: description in unmapped memory + parameters: unknown interface"] = -EFAULT,
        ["events: unknown type + parameters: unknown interface"] = -EINVAL,
        ["events: unknown type + region: address 0"] = -EINVAL,
        ["events: statistics at a misaligned offset + region: address 0"] = -EFAULT,
        ["events: statistics on the entries + region: unaligned address"] = -EINVAL,
        ["events: statistics behind the region + parameters: unknown interface"] = -ERANGE,
        ["events: statistics behind the region + parameters: buffer length 100"] = -ERANGE,
    };

    private static readonly Dictionary<string, int> AddedAreasTable = new()
    {
        ["area: token given + region: address 0"] = -EINVAL,
        ["area: token given + parameters: unknown interface"] = -EINVAL,
        ["area: token given + events: description in unmapped memory"] = -EINVAL,
    };

    public static IEnumerable<string> Pairs => Table.Keys;

    public static IEnumerable<string> EventPairs => EventTable.Keys;

    public static IEnumerable<string> AddedAreasPairs => AddedAreasTable.Keys;

    [SkippableTheory, KernelsTimes(nameof(Pairs))]
    public void Pairs_of_mistakes_are_reported_in_the_kernels_order(string name, string pair) =>
        Check(KernelUnderTest.OpenDeviceLess(name), pair, Table[pair]);

    [SkippableTheory, KernelsTimes(nameof(EventPairs))]
    public void Pairs_of_mistakes_in_event_descriptions_are_reported_in_the_kernels_order(string name, string pair) =>
        Check(KernelUnderTest.OpenDeviceLess(name, Interop.ZcrxFeature.Notifications, Interop.ZcrxFeature.Statistics), pair, EventTable[pair]);

    [SkippableTheory, KernelsTimes(nameof(AddedAreasPairs))]
    public void Token_of_an_area_is_reported_first_by_kernels_that_can_add_areas(string name, string pair) =>
        Check(KernelUnderTest.OpenDeviceLess(name, Interop.ZcrxFeature.AddArea, Interop.ZcrxFeature.Notifications), pair, AddedAreasTable[pair]);

    private static void Check(KernelUnderTest kernel, string pair, int expected)
    {
        using QueueSetup setup = new(kernel);
        using TestRing ring = new(kernel.Kernel);
        foreach (string mistake in pair.Split(" + "))
        {
            Mistakes.Registration.Single(candidate => candidate.Key == mistake).Value(setup);
        }

        Results.Equal(expected, setup.Register(ring));
    }
}
