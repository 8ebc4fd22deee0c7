namespace Zcrx.Interop;

/// <summary>Identifies the provider of the memory into which an RX queue receives packets.</summary>
public enum RxMemoryProvider
{
    /// <summary>The kernel's own pages.</summary>
    Kernel,

    /// <summary>Memory of an io_uring interface queue.</summary>
    IoUring,

    /// <summary>A dma-buf that is bound to the queue.</summary>
    DmaBuf,

    /// <summary>An AF_XDP socket's memory.</summary>
    Xsk,

    /// <summary>The queue is leased to a virtual interface.</summary>
    Leased,
}
