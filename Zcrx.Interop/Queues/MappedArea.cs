using Zcrx.Interop.Leases;
using Zcrx.Interop.Memory;

namespace Zcrx.Interop;

/// <summary>One area of a queue: its memory and the view that consumers get.</summary>
internal readonly struct MappedArea
{
    public MappedArea(MemoryRegion memory)
    {
        Memory = memory;
        Address = memory.Address;
        View = new AreaMemory(memory.Address, memory.Length);
    }

    public MemoryRegion Memory { get; }

    public nint Address { get; }

    public AreaMemory View { get; }
}
