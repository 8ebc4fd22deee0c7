using System.Buffers;

namespace Zcrx.Interop.Leases;

/// <summary>Represents one pin of a lease's memory. The pin owns a reference to the buffer until it is unpinned.</summary>
/// <remarks>
/// Each pin is a separate object. <see cref="MemoryHandle"/> is a struct, so an application may dispose two copies of it. The second
/// disposal must not end another pin.
/// </remarks>
internal sealed class LeasePin(LeaseMemory memory) : IPinnable
{
    private int _ended;

    public MemoryHandle Pin(int elementIndex) => memory.Pin(elementIndex);

    public void Unpin()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            memory.EndPin();
        }
    }
}
