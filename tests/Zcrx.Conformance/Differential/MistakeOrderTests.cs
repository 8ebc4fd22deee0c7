using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Differential;

/// <summary>
/// Makes two mistakes in one call and compares the errors of the machine's kernel and of its emulation. The error shows which parameter a
/// kernel checks first.
/// </summary>
public class MistakeOrderTests : IClassFixture<LeakCheck>
{
    [SkippableFact]
    public void Both_kernels_check_registrations_in_the_same_order()
    {
        KernelUnderTest linux = KernelUnderTest.OpenDeviceLess(KernelUnderTest.Linux);
        KernelUnderTest emulated = KernelUnderTest.Create(KernelUnderTest.NameOf(EmulatedKernelProfile.ForRelease(HostFacts.Read().KernelRelease)!));
        List<string> differences = [];
        int count = Mistakes.Registration.Count;
        foreach ((int first, int second) in from first in Enumerable.Range(0, count) from second in Enumerable.Range(0, first) select (first, second))
        {
            string expected = Register(linux, first, second);
            string actual = Register(emulated, first, second);
            if (expected != actual)
            {
                differences.Add($"{Mistakes.Registration[first].Key} + {Mistakes.Registration[second].Key}: {linux} {expected}, {emulated} {actual}");
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count} of {count * (count - 1) / 2} pairs differ:{Environment.NewLine}{string.Join(Environment.NewLine, differences)}");
    }

    private static string Register(KernelUnderTest kernel, int first, int second)
    {
        using QueueSetup setup = new(kernel, buffers: 4);
        using TestRing ring = new(kernel.Kernel, completionEntries: 8);
        Mistakes.Registration[first].Value(setup);
        Mistakes.Registration[second].Value(setup);
        return Results.Name(setup.Register(ring));
    }
}
