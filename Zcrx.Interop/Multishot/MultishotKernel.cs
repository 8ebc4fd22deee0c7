using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Multishot;

namespace Zcrx.Interop;

/// <summary>
/// Implements zcrx on the ordinary io_uring of this machine's kernel, without zcrx in the kernel and without privileges. Receives are
/// multishot receives into provided buffers. Connections that fill many buffers at once are polled and read instead. Other requests go to
/// the kernel unchanged.
/// </summary>
/// <remarks>
/// <para>Needs Linux 6.1. Since Linux 6.17, a receive ends exactly at its budget. One completion can then cover several buffers.</para>
/// <para>Rings, queues, errors and notifications are those of <see cref="EmulatedKernel"/>. Its rules for threads and for registered memory
/// apply.</para>
/// </remarks>
public sealed unsafe class MultishotKernel : INicKernel, IAreaMemory, IReceiveTurns
{
    private readonly EmulatedKernel _rings;

    /// <summary>Initializes a kernel. Queues can be imported only within the same kernel.</summary>
    /// <param name="options">The behaviour; null for the defaults. Network interfaces are not supported.</param>
    /// <exception cref="ZcrxUnsupportedException">This is not 64-bit Linux.</exception>
    public MultishotKernel(EmulatedKernelOptions? options = null)
        : this(options, callerKeepsSockets: false)
    {
    }

    /// <param name="options">The behaviour; null for the defaults.</param>
    /// <param name="callerKeepsSockets">
    /// True if the caller closes a socket only after its receives have ended. Reads then use the caller's descriptor instead of a
    /// duplicate.
    /// </param>
    internal MultishotKernel(EmulatedKernelOptions? options, bool callerKeepsSockets)
        : this(new LinuxKernel(), options ?? new EmulatedKernelOptions(), callerKeepsSockets: callerKeepsSockets)
    {
    }

    /// <param name="host">The kernel of the machine.</param>
    /// <param name="options">The behaviour.</param>
    /// <param name="hasLimits">Whether a receive can end after a number of bytes; null to find out.</param>
    /// <param name="method">The method with which each receive begins.</param>
    /// <param name="callerKeepsSockets">Whether the caller closes a socket only after its receives have ended.</param>
    internal MultishotKernel(
        IIoUringKernel host, EmulatedKernelOptions options, bool? hasLimits = null, ReceiveMethod method = default, bool callerKeepsSockets = false)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(options.Nics.Count, 0, nameof(options));
        Lazy<bool> limits = new(() => hasLimits ?? MultishotSupport.HasLimits(host));
        _rings = new EmulatedKernel(options, ring => new MultishotExecution(host, new ReceiveRules(limits.Value, method, callerKeepsSockets), ring));
        Description = $"io_uring of {host.Description}";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <summary>Gets the behaviour of this kernel.</summary>
    public EmulatedKernelOptions Options => _rings.Options;

    /// <inheritdoc/>
    /// <remarks>Contains no interfaces, since queues of this kernel have no RX queue.</remarks>
    public INicControl Nics => _rings.Nics;

    /// <summary>Returns why this process cannot use the io_uring of this machine.</summary>
    /// <param name="host">The permissions of this process.</param>
    /// <returns>A clause without a full stop; null when the process can use it.</returns>
    /// <remarks>Sets up a small ring, because the rules of a seccomp filter cannot be read.</remarks>
    public static string? WhyNot(HostFacts host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return MultishotSupport.WhyNot(new LinuxKernel(), host);
    }

    /// <inheritdoc/>
    public int Setup(uint entries, io_uring_params* parameters) => _rings.Setup(entries, parameters);

    /// <inheritdoc/>
    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize) =>
        _rings.Enter(ringFd, toSubmit, minComplete, flags, argument, argumentSize);

    /// <inheritdoc/>
    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount) => _rings.Register(ringFd, opcode, argument, argumentCount);

    /// <inheritdoc/>
    public nint Map(int ringFd, nuint length, ulong offset) => _rings.Map(ringFd, length, offset);

    /// <inheritdoc/>
    public int Unmap(nint address, nuint length) => _rings.Unmap(address, length);

    /// <inheritdoc/>
    public int InterfaceIndex(string name) => _rings.InterfaceIndex(name);

    /// <inheritdoc/>
    int IAreaMemory.Trim(int ringFd, uint queue) => ((IAreaMemory)_rings).Trim(ringFd, queue);

    /// <inheritdoc/>
    void IReceiveTurns.Limit(int ringFd, int buffers) => ((IReceiveTurns)_rings).Limit(ringFd, buffers);

    /// <inheritdoc/>
    public int Close(int fd) => _rings.Close(fd);
}
