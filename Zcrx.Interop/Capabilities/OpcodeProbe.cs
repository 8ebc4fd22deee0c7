using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Capabilities;

/// <summary>Counts the request opcodes of a kernel that answers no queries.</summary>
/// <remarks>
/// The probe works since Linux 5.6. It needs a ring, which a query does not. Source: <c>IORING_REGISTER_PROBE</c> in io_uring_register(2).
/// </remarks>
internal static unsafe class OpcodeProbe
{
    // The kernel accepts at most 256 entries in a probe.
    private const int MaxOpcodes = 256;

    /// <summary>Creates a ring with one entry, probes it, and closes it.</summary>
    /// <returns>The number of opcodes; null when the ring or the probe fails.</returns>
    public static uint? Count(IIoUringKernel kernel)
    {
        io_uring_params parameters = default;
        int ring = kernel.Setup(1, &parameters);
        if (ring < 0)
        {
            return null;
        }

        try
        {
            // The kernel refuses a buffer that is not zeroed.
            nuint size = (nuint)(sizeof(io_uring_probe) + (MaxOpcodes * sizeof(io_uring_probe_op)));
            io_uring_probe* probe = (io_uring_probe*)NativeMemory.AllocZeroed(size);
            try
            {
                return kernel.Register(ring, LinuxIoUring.IORING_REGISTER_PROBE, probe, MaxOpcodes) < 0 ? null : probe->last_op + 1u;
            }
            finally
            {
                NativeMemory.Free(probe);
            }
        }
        finally
        {
            _ = kernel.Close(ring);
        }
    }
}
