namespace Zcrx.Interop;

/// <summary>Specifies which memory an RX queue receives packets into.</summary>
public enum RxMemoryProvider
{
    /// <summary>The queue receives into pages of the kernel.</summary>
    Kernel,

    /// <summary>The queue receives into the memory of an io_uring interface queue.</summary>
    IoUring,

    /// <summary>The queue receives into a dma-buf that is bound to it.</summary>
    DmaBuf,

    /// <summary>The queue receives into the memory of an AF_XDP socket.</summary>
    Xsk,

    /// <summary>The queue is leased to a virtual interface, which determines the memory.</summary>
    Leased,
}
