using System.Net;

namespace Zcrx.Interop.Emulation;

/// <summary>A request that waits for its file to become ready. Pooled by its ring; used by the ring's thread only.</summary>
internal sealed class EmulatedRequest
{
    private const int FewestBuffersPerRead = 16;

    public EmulatedRequest(int index) => Index = index;

    /// <summary>Place in the ring's request table.</summary>
    public int Index { get; }

    /// <summary>Counts reuses, so that an event that was fetched for an earlier request is told apart.</summary>
    public uint Generation { get; set; }

    public bool IsActive { get; set; }

    public byte Opcode { get; set; }

    public ulong UserData { get; set; }

    /// <summary>The descriptor that the caller named; by it files other than sockets are told apart.</summary>
    public int CallerFd { get; set; }

    /// <summary>Our duplicate: like the kernel's file reference, it keeps the file alive when the caller closes theirs.</summary>
    public int Fd { get; set; } = -1;

    public bool IsMultishot { get; set; }

    /// <summary>What a poll request waits for.</summary>
    public uint PollEvents { get; set; }

    public bool IsFileNonBlocking { get; set; }

    public uint AcceptFlags { get; set; }

    public nint Buffer { get; set; }

    public uint Length { get; set; }

    public EmulatedInterfaceQueue? Queue { get; set; }

    /// <summary>What is left of a receive request's byte budget; 0 when it has none.</summary>
    public uint Budget { get; set; }

    public bool HasBudget { get; set; }

    /// <summary>On kernels that strand a request (before 7.2): it stays armed but reads nothing until more than so many bytes wait. −1 when it is not stranded.</summary>
    public int StrandedBytes { get; set; } = -1;

    /// <summary>Whether the peer had ended the stream already when the request was stranded; its end is a packet, too.</summary>
    public bool StrandedAtEnd { get; set; }

    /// <summary>The RX queue that the connection's packets arrive on, as of <see cref="Changes"/>.</summary>
    public int RxQueue { get; set; }

    /// <summary>Our end of the connection, as long as it is known: a socket that was reset forgets its peer, but not what had come.</summary>
    public IPEndPoint? Local { get; set; }

    /// <summary>The peer's end.</summary>
    public IPEndPoint? Remote { get; set; }

    /// <summary>The state of the interface (<see cref="EmulatedNic.Changes"/>) that <see cref="RxQueue"/> was looked up in; 0 before.</summary>
    public int Changes { get; set; }

    /// <summary>What waits in the socket since before <see cref="Changes"/>; null when nothing does.</summary>
    public SocketBacklog? Backlog { get; set; }

    /// <summary>Whether the request waits for TCP to send again what the interface had to drop.</summary>
    public bool IsParked { get; set; }

    /// <summary>How many buffers one read of a receive offers: about what its socket has had to give lately, as every buffer offered costs a little.</summary>
    public int BuffersPerRead { get; private set; } = FewestBuffersPerRead;

    /// <summary>A new request knows nothing of its socket.</summary>
    public void Forget()
    {
        BuffersPerRead = FewestBuffersPerRead;
        Changes = 0;
        Backlog = null;
        Local = null;
        Remote = null;
        IsParked = false;
    }

    /// <summary>Grows at once when a read filled everything, and shrinks slowly: a read too few costs more than a buffer too many.</summary>
    /// <param name="used">Buffers that the read has filled.</param>
    /// <param name="limit">More are never wanted.</param>
    public void Learn(int used, int limit)
    {
        if (used >= BuffersPerRead)
        {
            BuffersPerRead = int.Min(BuffersPerRead * 4, int.Max(limit, FewestBuffersPerRead));
        }
        else if (used < BuffersPerRead / 4)
        {
            BuffersPerRead = int.Max(BuffersPerRead / 2, FewestBuffersPerRead);
        }
    }
}
