using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Represents a ring with any set-up flags whose memory is not mapped. Tests examine only the results of set-up and registration.
/// </summary>
internal sealed unsafe class RawRing : IDisposable
{
    public const uint Mandatory = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_CQE32;
    private readonly IIoUringKernel _kernel;
    private readonly io_uring_params _parameters;

    public RawRing(IIoUringKernel kernel, uint flags, uint entries = 8, uint completionEntries = 0)
    {
        _kernel = kernel;
        io_uring_params parameters = new() { flags = flags, cq_entries = completionEntries };
        Fd = kernel.Setup(entries, &parameters);
        _parameters = parameters;
    }

    /// <summary>Gets the descriptor of the ring. It is a negative errno if the set-up has failed.</summary>
    public int Fd { get; }

    public io_uring_params Parameters => _parameters;

    public int Register(QueueSetup setup) => Register(IORING_REGISTER_ZCRX_IFQ, setup.Registration, 1);

    public int Register(uint opcode, void* argument, uint count) => _kernel.Register(Fd, opcode, argument, count);

    public void Dispose()
    {
        if (Fd >= 0)
        {
            Assert.Equal(0, _kernel.Close(Fd));
        }
    }
}
