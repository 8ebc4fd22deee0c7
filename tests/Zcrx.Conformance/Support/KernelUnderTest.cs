using Zcrx.Interop;
using Zcrx.Interop.Multishot;
using Zcrx.Rx;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Represents the kernel that a test runs on: the machine's kernel, its io_uring without zcrx, or the emulated kernel with the profile of a
/// release.
/// </summary>
internal sealed class KernelUnderTest
{
    public const string Linux = "linux";
    public const string Multishot = "io_uring";

    /// <summary>The multishot kernel without the features that Linux 6.10 and 6.17 have added.</summary>
    public const string OldMultishot = "io_uring 6.1";

    /// <summary>The multishot kernel whose receives begin with scattering reads, as those of busy connections do.</summary>
    public const string ReadingMultishot = "io_uring reads";

    private const string EmulatedPrefix = "emulated ";

    private KernelUnderTest(string name, IIoUringKernel kernel)
    {
        Name = name;
        Kernel = kernel;
        Capabilities = ZcrxCapabilities.Query(kernel);
    }

    /// <summary>
    /// Gets or sets a value that indicates whether only the release of the machine's kernel is emulated. Set when the suite runs as a
    /// program in a guest.
    /// </summary>
    public static bool OnlyHostProfile { get; set; }

    public static IEnumerable<string> Names => [.. Profiles.Select(NameOf), Multishot, OldMultishot, ReadingMultishot, Linux];

    public string Name { get; }

    public IIoUringKernel Kernel { get; }

    public ZcrxCapabilities Capabilities { get; }

    /// <summary>
    /// Gets a value indicating whether the kernel strands a request that runs out of buffers or completions in the middle of a packet. No
    /// capability reports this, so the release of the kernel decides.
    /// </summary>
    public bool StrandsReceives => Kernel is EmulatedKernel emulated ? emulated.Options.Profile.StrandsReceives
        : IsMultishot ? false
        : EmulatedKernelProfile.ForRelease(HostFacts.Read().KernelRelease) is not { StrandsReceives: false };

    /// <summary>Gets a value indicating whether this process implements zcrx, so that queues need no privileges.</summary>
    public bool IsEmulated => Kernel is not LinuxKernel;

    /// <summary>Gets a value indicating whether receives are multishot receives of the machine's io_uring, without zcrx.</summary>
    public bool IsMultishot => Kernel is MultishotKernel;

    /// <summary>Gets the engine of Zcrx.Rx that uses this kernel without a NIC.</summary>
    public ZcrxEngine Engine => IsMultishot ? ZcrxEngine.IoUring : IsEmulated ? ZcrxEngine.Emulated : ZcrxEngine.DeviceLess;

    private static IEnumerable<EmulatedKernelProfile> Profiles =>
        OnlyHostProfile && EmulatedKernelProfile.ForRelease(HostFacts.Read().KernelRelease) is { } host
            ? [host]
            : [EmulatedKernelProfile.Linux71, EmulatedKernelProfile.Linux720, EmulatedKernelProfile.Linux72, EmulatedKernelProfile.Linux73];

    /// <summary>Opens a kernel by name. If the kernel cannot run the test, skips the test with the reason.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="needed">Features that the test needs.</param>
    public static KernelUnderTest Open(string name, params ReadOnlySpan<ZcrxFeature> needed) => Open(Create(name), needed);

    /// <summary>
    /// Opens an emulated kernel with network interfaces. If the kernel cannot run the test, skips the test with the reason.
    /// </summary>
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

    /// <summary>Opens a kernel that registers queues without a NIC, as most tests need.</summary>
    public static KernelUnderTest OpenDeviceLess(string name, params ReadOnlySpan<ZcrxFeature> alsoNeeded) =>
        Open(name, [ZcrxFeature.DeviceLess, ZcrxFeature.Flush, .. alsoNeeded]);

    public static string NameOf(EmulatedKernelProfile profile) => EmulatedPrefix + profile.Name;

    /// <summary>Opens a kernel that ends a request at exactly its budget.</summary>
    public static KernelUnderTest OpenWithExactBudgets(string name)
    {
        Skip.If(name == OldMultishot, "budgets: before Linux 6.17, a multishot receive may exceed its budget by one turn");
        return OpenDeviceLess(name);
    }

    /// <summary>Opens a kernel that does not strand a request when buffers or completions run out.</summary>
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
