namespace Zcrx.Interop.Emulation;

/// <summary>A request that waits for its file to become ready. Pooled by its ring; used by the ring's thread only.</summary>
internal sealed class EmulatedRequest
{
    public EmulatedRequest(int index) => Index = index;

    /// <summary>Place in the ring's request table.</summary>
    public int Index { get; }

    /// <summary>Counts reuses, so that an event that was fetched for an earlier request is told apart.</summary>
    public uint Generation { get; set; }

    public bool IsActive { get; set; }

    public byte Opcode { get; set; }

    public ulong UserData { get; set; }

    /// <summary>The descriptor that the caller named; what cancel-by-fd compares.</summary>
    public int CallerFd { get; set; }

    /// <summary>Our duplicate: like the kernel's file reference, it keeps the file alive when the caller closes theirs.</summary>
    public int Fd { get; set; } = -1;

    public bool IsMultishot { get; set; }

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
}
