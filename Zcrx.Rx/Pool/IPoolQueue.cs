using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Pool;

/// <summary>Represents a registered queue for its pool. Ring thread only.</summary>
/// <remarks>
/// The objects that the pool uses for each buffer, such as the refill queue, are sealed classes. Calls through this interface are rare.
/// </remarks>
internal interface IPoolQueue
{
    /// <summary>Gets the number of buffers in all areas.</summary>
    int Buffers { get; }

    /// <summary>Gets the length of one buffer in bytes.</summary>
    int BufferLength { get; }

    RefillQueue Refill { get; }

    BufferLedger Ledger { get; }

    QueueMemory Memory { get; }

    /// <summary>Gets a value indicating whether completions wait that the ring thread has not handled.</summary>
    bool HasCompletions { get; }

    /// <summary>Makes the kernel consume the refill queue.</summary>
    /// <returns>Zero or a negative errno.</returns>
    int Flush();

    /// <summary>Adds an area.</summary>
    /// <exception cref="ZcrxException">The kernel refused. The queue is unchanged.</exception>
    void AddArea(nuint size);

    /// <summary>Gets a value indicating whether the kernel can give the memory of an area back while the area stays registered.</summary>
    bool CanTrimAreas { get; }

    /// <summary>Gives back the memory of added areas whose buffers are all free.</summary>
    void TrimAreas();
}
