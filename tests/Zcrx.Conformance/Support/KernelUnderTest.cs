using Zcrx.Interop;
using Zcrx.Interop.Multishot;
using Zcrx.Rx;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Represents the kernel on which a test runs: the machine's kernel with or without zcrx, or an emulated kernel with the profile of a
/// release.
/// </summary>
internal sealed class KernelUnderTest
{
    public const string Linux = "linux";
    public const string Multishot = "io_uring";

    /// <summary>
    /// The name of the machine's kernel with multishot receives as in Linux 6.1: without the features that 6.10 and 6.17 have added.
    /// </summary>
    public const string OldMultishot = "io_uring 6.1";

    /// <summary>
    /// The name of the machine's kernel with multishot receives, where each receive starts with a scattering read. The library does this
    /// for busy connections.
    /// </summary>
    public const string ReadingMultishot = "io_uring reads";

    public const string EmulatedPrefix = "emulated ";

    private KernelUnderTest(string name, IIoUringKernel kernel)
    {
        Name = name;
        Kernel = kernel;
        Capabilities = ZcrxCapabilities.Query(kernel);
    }

    /// <summary>
    /// Gets or sets a value that indicates whether the emulation uses only the profile of the machine's own kernel release. The suite sets
    /// it when it runs as a program.
    /// </summary>
    public static bool OnlyHostProfile { get; set; }

    public static IEnumerable<string> Names => [.. Profiles.Select(NameOf), Multishot, OldMultishot, ReadingMultishot, Linux];

    public string Name { get; }

    public IIoUringKernel Kernel { get; }

    public ZcrxCapabilities Capabilities { get; }

    /// <summary>
    /// Gets a value indicating whether the kernel strands a request that runs out of buffers or completions in the middle of a packet. No
    /// capability reports this, so the kernel release decides.
    /// </summary>
    public bool StrandsReceives => Kernel is EmulatedKernel emulated ? emulated.Options.Profile.StrandsReceives
        : IsMultishot ? false
        : EmulatedKernelProfile.ForRelease(HostFacts.Read().KernelRelease) is not { StrandsReceives: false };

    /// <summary>Gets a value indicating whether zcrx is implemented inside this process. Queues then need no privileges.</summary>
    public bool IsEmulated => Kernel is not LinuxKernel;

    /// <summary>Gets a value indicating whether the test uses multishot receives of the machine's io_uring instead of zcrx.</summary>
    public bool IsMultishot => Kernel is MultishotKernel;

    /// <summary>Gets the engine with which Zcrx.Rx uses this kernel when there is no NIC.</summary>
    public ZcrxEngine Engine => IsMultishot ? ZcrxEngine.IoUring : IsEmulated ? ZcrxEngine.Emulated : ZcrxEngine.DeviceLess;

    private static IEnumerable<EmulatedKernelProfile> Profiles =>
        OnlyHostProfile && EmulatedKernelProfile.ForRelease(HostFacts.Read().KernelRelease) is { } host
            ? [host]
            : [EmulatedKernelProfile.Linux71, EmulatedKernelProfile.Linux720, EmulatedKernelProfile.Linux72, EmulatedKernelProfile.Linux73];

    /// <summary>Opens a kernel by name. Skips the test, with the reason, if the kernel cannot run it.</summary>
    /// <param name="name">The name of the kernel, one of <see cref="Names"/>.</param>
    /// <param name="needed">Features that the test needs.</param>
    public static KernelUnderTest Open(string name, params ReadOnlySpan<ZcrxFeature> needed) => Open(Create(name), needed);

    /// <summary>Opens an emulated kernel with network interfaces. Skips the test, with the reason, if the kernel cannot run it.</summary>
    public static KernelUnderTest OpenEmulated(string name, IReadOnlyList<EmulatedNic> nics, EmulatedFaultPlan? faults, params ReadOnlySpan<ZcrxFeature> needed) =>
        Open(Create(name, nics, faults), needed);

    private static KernelUnderTest Open(KernelUnderTest kernel, ReadOnlySpan<ZcrxFeature> needed)
    {
        foreach (ZcrxFeature feature in needed)
        {
            Skip.If(
                kernel.Capabilities.Support(feature) != ZcrxSupport.Yes,
                kernel.Capabilities.WhyNot(feature) ?? $"{feature}: {kernel.Capabilities.Kernel} has no query for it");
        }

        if (kernel.IsMultishot)
        {
            string? reason = MultishotKernel.WhyNot(HostFacts.Read());
            Skip.If(reason is not null, reason);
        }

        if (kernel.Name == Linux)
        {
            HostFacts facts = HostFacts.Read();
            string? reason = needed.Length > 0 ? facts.WhyNoRegistration() : facts.WhyNoRing();
            Skip.If(reason is not null, reason);
        }

        return kernel;
    }

    /// <summary>Opens a kernel that can register queues without a NIC, as most tests need. Skips the test if the kernel cannot.</summary>
    public static KernelUnderTest OpenDeviceLess(string name, params ReadOnlySpan<ZcrxFeature> alsoNeeded) =>
        Open(name, [ZcrxFeature.DeviceLess, ZcrxFeature.Flush, .. alsoNeeded]);

    public static string NameOf(EmulatedKernelProfile profile) => EmulatedPrefix + profile.Name;

    /// <summary>Opens a kernel on which a request never exceeds its budget. Skips the test on other kernels.</summary>
    public static KernelUnderTest OpenWithExactBudgets(string name)
    {
        Skip.If(name == OldMultishot, "budgets: before Linux 6.17, a multishot receive may exceed its budget by one turn");
        return OpenDeviceLess(name);
    }

    /// <summary>
    /// Opens a kernel that does not strand a request when buffers or completions run out. Skips the test on other kernels.
    /// </summary>
    public static KernelUnderTest OpenDeviceLessWithEnds(string name)
    {
        KernelUnderTest kernel = OpenDeviceLess(name);
        Skip.If(kernel.StrandsReceives, $"a request that runs out does not end on {kernel.Kernel.Description}");
        return kernel;
    }

    /// <summary>Opens a kernel by name, without checking its capabilities.</summary>
    public static KernelUnderTest Create(string name, IReadOnlyList<EmulatedNic>? nics = null, EmulatedFaultPlan? faults = null)
    {
        if (name == Linux)
        {
            return new KernelUnderTest(name, new LinuxKernel());
        }

        if (name is Multishot or OldMultishot or ReadingMultishot)
        {
            MultishotKernel kernel = new(
                new LinuxKernel(), new EmulatedKernelOptions { Faults = faults }, name == OldMultishot ? false : null, new ReceiveMethod(IsRead: name == ReadingMultishot, Streak: 0));
            return new KernelUnderTest(name, kernel);
        }

        EmulatedKernelProfile profile = EmulatedKernelProfile.ForRelease(name[EmulatedPrefix.Length..])!;
        return new KernelUnderTest(name, new EmulatedKernel(new EmulatedKernelOptions { Profile = profile, Nics = nics ?? [], Faults = faults }));
    }

    /// <summary>Wraps a kernel that was created for one test.</summary>
    public static KernelUnderTest Of(string name, IIoUringKernel kernel) => new(name, kernel);

    public override string ToString() => Name;
}
