using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Queues;
using Zcrx.Interop.Tests.Kernel;

namespace Zcrx.Interop.Tests.Errors;

/// <summary>Generates input for the explanation of errors: any error number together with any facts.</summary>
internal static class Generators
{
    /// <summary>Generates error numbers. Most are small and of either sign, as real ones are. Some are the limits of the type.</summary>
    public static Gen<int> AnyErrno { get; } = Gen.Frequency(
        (8, Gen.Choose(-140, 140)),
        (2, Gen.Choose(-4095, 4095)),
        (1, Gen.Choose(int.MinValue, int.MaxValue)),
        (1, Gen.Elements(int.MinValue, int.MaxValue, 0, -1, 1)));

    public static Gen<HostFacts> AnyHost { get; } =
        from capabilities in Gen.Elements<ulong?>(null, 0, ulong.MaxValue, 1UL << 12, 1UL << 14, 1UL << 21)
        from initial in Gen.Elements(true, false)
        from seccomp in Gen.Elements(true, false)
        from access in Gen.Elements(IoUringAccess.Everyone, IoUringAccess.PrivilegedOrGroup, IoUringAccess.Nobody)
        from limit in Gen.Elements<ulong?>(null, 0, 65536, 8 << 20, ulong.MaxValue)
        from page in Gen.Elements(4096, 65536)
        select new HostFacts
        {
            KernelRelease = "7.2.12",
            PageSize = page,
            EffectiveCapabilities = capabilities,
            InitialUserNamespace = initial,
            SeccompFilter = seccomp,
            IoUringAccess = access,
            LockedMemoryLimit = limit,
        };

    public static Gen<ZcrxCapabilities> AnyCapabilities { get; } =
        Gen.Elements<IIoUringKernel>(KernelRows.All).Select(ZcrxCapabilities.Query);

    public static Gen<RegistrationFacts> AnyFacts { get; } =
        from name in Gen.Elements<string?>("eth0", "", null)
        from queue in Gen.Elements(0u, 3u, uint.MaxValue)
        from deviceLess in Gen.Elements(true, false)
        from buffer in Gen.Elements(0u, 100u, 4096u, 8192u, 65536u, uint.MaxValue)
        from area in Gen.Elements(0UL, 100UL, 1UL << 20, 64UL << 20, ulong.MaxValue)
        from entries in Gen.Elements(0u, 1024u, 32768u, 65536u, uint.MaxValue)
        from notifications in Gen.Elements(true, false)
        from capabilities in AnyCapabilities
        from host in AnyHost
        select new RegistrationFacts(name, queue, deviceLess, buffer, area, entries, notifications, capabilities, host);

    public static Gen<uint> AnyControl { get; } = Gen.Elements(0u, 1u, 2u, 3u, 4u, uint.MaxValue);
}
