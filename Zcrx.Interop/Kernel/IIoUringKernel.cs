using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>
/// Defines the io_uring system calls and nothing more. Callers use the same ring memory and the same structures with every kernel.
/// </summary>
/// <remarks>
/// All members return a non-negative result or a negative errno (<see cref="Errno"/>), and do not throw when the kernel refuses a call.
/// Only one thread may enter and register on a ring that was set up with SINGLE_ISSUER. Source: io_uring_setup(2), io_uring_enter(2),
/// io_uring_register(2), mmap(2).
/// </remarks>
public unsafe interface IIoUringKernel
{
    /// <summary>Gets a short description of the kernel for logs, for example <c>Linux 7.2.12</c>.</summary>
    string Description { get; }

    /// <summary>Creates a ring (<c>io_uring_setup</c>).</summary>
    /// <param name="entries">The requested number of submission entries.</param>
    /// <param name="parameters">Flags in; ring sizes, features and offsets out.</param>
    /// <returns>The ring's descriptor, owned by the caller and closed with <see cref="Close"/>; or a negative errno.</returns>
    int Setup(uint entries, io_uring_params* parameters);

    /// <summary>Submits, runs deferred work, and waits (<c>io_uring_enter</c>).</summary>
    /// <param name="ringFd">The ring.</param>
    /// <param name="toSubmit">The number of submission entries to consume.</param>
    /// <param name="minComplete">The number of completions to wait for; with GETEVENTS.</param>
    /// <param name="flags"><c>IORING_ENTER_*</c>.</param>
    /// <param name="argument">With EXT_ARG an <see cref="io_uring_getevents_arg"/>, else null.</param>
    /// <param name="argumentSize">Size of <paramref name="argument"/> in bytes.</param>
    /// <returns>The number of entries consumed, or a negative errno (−ETIME after the timeout).</returns>
    int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize);

    /// <summary>Calls <c>io_uring_register</c>. Queries accept −1 as <paramref name="ringFd"/>.</summary>
    /// <param name="ringFd">The ring, or −1.</param>
    /// <param name="opcode"><c>IORING_REGISTER_*</c>.</param>
    /// <param name="argument">The structure of the opcode.</param>
    /// <param name="argumentCount">The <c>nr_args</c> of the opcode.</param>
    /// <returns>Zero or more, or a negative errno.</returns>
    int Register(int ringFd, uint opcode, void* argument, uint argumentCount);

    /// <summary>Maps one of a ring's regions, readable, writable and shared (<c>mmap</c>).</summary>
    /// <param name="ringFd">The ring.</param>
    /// <param name="length">The length in bytes.</param>
    /// <param name="offset"><c>IORING_OFF_*</c>.</param>
    /// <returns>The address, or a negative errno.</returns>
    nint Map(int ringFd, nuint length, ulong offset);

    /// <summary>Ends a mapping of <see cref="Map"/>.</summary>
    /// <param name="address">The address that <see cref="Map"/> returned.</param>
    /// <param name="length">The length that was passed to <see cref="Map"/>.</param>
    /// <returns>Zero, or a negative errno.</returns>
    int Unmap(nint address, nuint length);

    /// <summary>Returns the index of a network interface, for a registration (<c>if_nametoindex</c>).</summary>
    /// <param name="name">The name in the network namespace of the calling thread.</param>
    /// <returns>The index, or −ENODEV.</returns>
    int InterfaceIndex(string name);

    /// <summary>Closes a ring or an exported queue.</summary>
    /// <param name="fd">A descriptor that this kernel returned.</param>
    /// <returns>Zero, or a negative errno.</returns>
    int Close(int fd);
}
