using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Defines the io_uring system calls. Every kernel uses the same ring memory and the same structures.</summary>
/// <remarks>
/// All members return a non-negative result or a negative errno (<see cref="Errno"/>). They do not throw when the kernel refuses a call. If
/// a ring was set up with SINGLE_ISSUER, only one thread may call <see cref="Enter"/> and <see cref="Register"/> for it. Source:
/// io_uring_setup(2), io_uring_enter(2), io_uring_register(2), mmap(2).
/// </remarks>
public unsafe interface IIoUringKernel
{
    /// <summary>Gets a short description of the kernel for logs, for example <c>Linux 7.2.12</c>.</summary>
    string Description { get; }

    /// <summary>Creates a ring (<c>io_uring_setup</c>).</summary>
    /// <param name="entries">The requested number of submission entries.</param>
    /// <param name="parameters">The flags of the ring. Receives its sizes, features and offsets.</param>
    /// <returns>The descriptor of the ring, which the caller must close with <see cref="Close"/>; or a negative errno.</returns>
    int Setup(uint entries, io_uring_params* parameters);

    /// <summary>Submits entries, runs deferred work, and waits for completions (<c>io_uring_enter</c>).</summary>
    /// <param name="ringFd">The descriptor of the ring.</param>
    /// <param name="toSubmit">The number of submission entries to consume.</param>
    /// <param name="minComplete">The number of completions to wait for. Used only with the flag GETEVENTS.</param>
    /// <param name="flags">The flags <c>IORING_ENTER_*</c>.</param>
    /// <param name="argument">With the flag EXT_ARG, an <see cref="io_uring_getevents_arg"/>; otherwise null.</param>
    /// <param name="argumentSize">The size of <paramref name="argument"/> in bytes.</param>
    /// <returns>The number of entries consumed, or a negative errno (−ETIME after the timeout).</returns>
    int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize);

    /// <summary>Calls <c>io_uring_register</c>.</summary>
    /// <param name="ringFd">The descriptor of the ring; −1 for queries, which need no ring.</param>
    /// <param name="opcode">The opcode <c>IORING_REGISTER_*</c>.</param>
    /// <param name="argument">The structure of the opcode.</param>
    /// <param name="argumentCount">The <c>nr_args</c> of the opcode.</param>
    /// <returns>Zero or more, or a negative errno.</returns>
    int Register(int ringFd, uint opcode, void* argument, uint argumentCount);

    /// <summary>Maps a region of a ring's memory, shared, for reading and writing (<c>mmap</c>).</summary>
    /// <param name="ringFd">The descriptor of the ring.</param>
    /// <param name="length">The length in bytes.</param>
    /// <param name="offset">The region, as one of <c>IORING_OFF_*</c>.</param>
    /// <returns>The address, or a negative errno.</returns>
    nint Map(int ringFd, nuint length, ulong offset);

    /// <summary>Ends a mapping that <see cref="Map"/> created.</summary>
    /// <param name="address">The address that <see cref="Map"/> returned.</param>
    /// <param name="length">The length that was passed to <see cref="Map"/>.</param>
    /// <returns>Zero, or a negative errno.</returns>
    int Unmap(nint address, nuint length);

    /// <summary>Returns the index of a network interface, which a registration needs (<c>if_nametoindex</c>).</summary>
    /// <param name="name">The name of the interface in the network namespace of the calling thread.</param>
    /// <returns>The index, or −ENODEV.</returns>
    int InterfaceIndex(string name);

    /// <summary>Closes the descriptor of a ring or of an exported queue.</summary>
    /// <param name="fd">A descriptor that this kernel returned.</param>
    /// <returns>Zero, or a negative errno.</returns>
    int Close(int fd);
}
