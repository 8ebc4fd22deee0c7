using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>
/// The io_uring system-call boundary and nothing more. Everything above works on the same ring memory and the same
/// structures, whichever kernel answers.
/// </summary>
/// <remarks>
/// All members return a non-negative result or a negative errno (<see cref="Errno"/>) and never throw for what the
/// kernel refuses. A ring set up with SINGLE_ISSUER may be entered and registered on by one thread only.
/// Source: io_uring_setup(2), io_uring_enter(2), io_uring_register(2), mmap(2).
/// </remarks>
public unsafe interface IIoUringKernel
{
    /// <summary>What this kernel is, in a few words for logs, for example <c>Linux 7.2.12</c>.</summary>
    string Description { get; }

    /// <summary><c>io_uring_setup</c>: a new ring.</summary>
    /// <param name="entries">Submission entries wanted.</param>
    /// <param name="parameters">Flags in; ring sizes, features and offsets out.</param>
    /// <returns>The ring's file descriptor, owned by the caller and closed with <see cref="Close"/>; or a negative errno.</returns>
    int Setup(uint entries, io_uring_params* parameters);

    /// <summary><c>io_uring_enter</c>: submits, runs deferred work, and waits.</summary>
    /// <param name="ringFd">The ring.</param>
    /// <param name="toSubmit">How many submission entries to consume.</param>
    /// <param name="minComplete">How many completions to wait for; with GETEVENTS.</param>
    /// <param name="flags"><c>IORING_ENTER_*</c>.</param>
    /// <param name="argument">With EXT_ARG an <see cref="io_uring_getevents_arg"/>, else null.</param>
    /// <param name="argumentSize">Size of <paramref name="argument"/> in bytes.</param>
    /// <returns>Entries consumed, or a negative errno (−ETIME when the wait ran out).</returns>
    int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize);

    /// <summary><c>io_uring_register</c>; <paramref name="ringFd"/> −1 is allowed for queries.</summary>
    /// <param name="ringFd">The ring, or −1.</param>
    /// <param name="opcode"><c>IORING_REGISTER_*</c>.</param>
    /// <param name="argument">The structure that the opcode asks for.</param>
    /// <param name="argumentCount"><c>nr_args</c> as the opcode asks for.</param>
    /// <returns>Zero or more, or a negative errno.</returns>
    int Register(int ringFd, uint opcode, void* argument, uint argumentCount);

    /// <summary><c>mmap</c> of one of a ring's regions, readable, writable, shared.</summary>
    /// <param name="ringFd">The ring.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="offset"><c>IORING_OFF_*</c>.</param>
    /// <returns>The address, or a negative errno.</returns>
    nint Map(int ringFd, nuint length, ulong offset);

    /// <summary>Ends a mapping made by <see cref="Map"/>.</summary>
    /// <param name="address">What <see cref="Map"/> returned.</param>
    /// <param name="length">The same length.</param>
    /// <returns>Zero, or a negative errno.</returns>
    int Unmap(nint address, nuint length);

    /// <summary><c>if_nametoindex</c>: the index of a network interface, which a registration names.</summary>
    /// <param name="name">Its name in the network namespace of the calling thread.</param>
    /// <returns>The index, or −ENODEV.</returns>
    int InterfaceIndex(string name);

    /// <summary>Closes a ring or an exported queue.</summary>
    /// <param name="fd">A descriptor that this kernel returned.</param>
    /// <returns>Zero, or a negative errno.</returns>
    int Close(int fd);
}
