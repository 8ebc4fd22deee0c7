using System.Net;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Represents a request that waits until its file is ready. The ring pools these objects and uses them on its own thread only.
/// </summary>
internal sealed unsafe class EmulatedRequest
{
    public EmulatedRequest(int index) => Index = index;

    /// <summary>Gets the request's index in the ring's table.</summary>
    public int Index { get; }

    /// <summary>
    /// Gets how often this object was reused. The number distinguishes events of this request from events of an earlier one.
    /// </summary>
    public uint Generation { get; set; }

    /// <summary>Gets the tag that identifies this use of the request to the poller: generation and index.</summary>
    public ulong Tag => ((ulong)Generation << 32) | (uint)Index;

    public bool IsActive { get; set; }

    public byte Opcode { get; set; }

    public ulong UserData { get; set; }

    /// <summary>Gets or sets the caller's descriptor, which identifies the file if it is not a socket.</summary>
    public int CallerFd { get; set; }

    /// <summary>Gets the descriptor that the request uses, which may be a duplicate of the caller's.</summary>
    public int Fd { get; private set; } = -1;

    /// <summary>
    /// Gets a value indicating whether the descriptor is a duplicate. Like the kernel's file reference, a duplicate keeps the file open
    /// when the caller closes its descriptor.
    /// </summary>
    public bool IsFdOwned { get; private set; }

    /// <summary>Gets a value indicating whether the request is watched by the epoll instance for polls.</summary>
    public bool IsPoll { get; private set; }

    public bool IsMultishot { get; set; }

    /// <summary>Gets or sets the events that a poll request waits for.</summary>
    public uint PollEvents { get; set; }

    public bool IsFileNonBlocking { get; set; }

    public uint AcceptFlags { get; set; }

    public nint Buffer { get; set; }

    public uint Length { get; set; }

    public EmulatedInterfaceQueue? Queue { get; set; }

    /// <summary>Gets or sets the bytes left in the budget of a receive; 0 when the receive has no budget.</summary>
    public uint Budget { get; set; }

    public bool HasBudget { get; set; }

    /// <summary>
    /// Gets or sets the number of waiting bytes above which a stranded request receives again; −1 when the request is not stranded. Kernels
    /// before 7.2.10 strand requests.
    /// </summary>
    public int StrandedBytes { get; set; } = -1;

    /// <summary>
    /// Gets or sets a value indicating whether the end of the stream cannot wake the stranded request. True if the peer had already ended
    /// the stream, or if an injected fault stranded the request.
    /// </summary>
    public bool StrandedAtEnd { get; set; }

    /// <summary>
    /// Gets or sets the RX queue on which the connection's packets arrive. <see cref="Changes"/> tells whether it is outdated.
    /// </summary>
    public int RxQueue { get; set; }

    /// <summary>
    /// Gets or sets the local end point of the connection; null until it is known. It is stored because a reset socket loses its end points
    /// but keeps the bytes that it has received.
    /// </summary>
    public IPEndPoint? Local { get; set; }

    /// <summary>Gets or sets the remote end point of the connection; null until it is known.</summary>
    public IPEndPoint? Remote { get; set; }

    /// <summary>
    /// Gets or sets the value that <see cref="EmulatedNic.Changes"/> had when <see cref="RxQueue"/> was determined; 0 before that.
    /// </summary>
    public int Changes { get; set; }

    /// <summary>Gets or sets the record of the unread bytes that arrived before the last change of steering; null for none.</summary>
    public SocketBacklog? Backlog { get; set; }

    /// <summary>Gets or sets whether the request waits until TCP retransmits dropped packets.</summary>
    public bool IsDelayed { get; set; }

    /// <summary>Gets or sets the size of the next read of a receive.</summary>
    public ReadSize ReadSize { get; set; }

    /// <summary>Sets the descriptor that the request uses.</summary>
    public void Watch(int fd, bool isOwned, bool isPoll)
    {
        Fd = fd;
        IsFdOwned = isOwned;
        IsPoll = isPoll;
    }

    /// <summary>Records that the request no longer has a descriptor.</summary>
    public void Unwatch() => Fd = -1;

    /// <summary>Resets what is known about the socket, since the next request has another socket.</summary>
    public void Forget()
    {
        ReadSize = default;
        Changes = 0;
        Backlog = null;
        Local = null;
        Remote = null;
        IsDelayed = false;
    }

    /// <summary>
    /// Reads from the socket and subtracts the bytes from <see cref="Backlog"/>. Both happen under one lock, because a change of steering
    /// on another thread compares the bytes in the socket with the backlog.
    /// </summary>
    public nint Read(MessageHeader* message)
    {
        if (Backlog is not { } backlog)
        {
            return SocketCalls.ReceiveMessage(Fd, message, SocketCalls.MSG_DONTWAIT);
        }

        using (backlog.Enter())
        {
            nint received = SocketCalls.ReceiveMessage(Fd, message, SocketCalls.MSG_DONTWAIT);
            if (received > 0)
            {
                backlog.Consume(received);
            }

            return received;
        }
    }
}
