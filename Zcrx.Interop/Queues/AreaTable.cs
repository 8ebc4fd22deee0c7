using System.Runtime.CompilerServices;
using Zcrx.Interop.Leases;
using Zcrx.Interop.Memory;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Queues;

/// <summary>Maps area ids to areas, to find the memory to which a completion points.</summary>
/// <remarks>The ring thread adds areas and finds buffers. Any thread may read <see cref="Buffers"/>.</remarks>
internal sealed unsafe class AreaTable(int bufferLength)
{
    // The largest number of areas that the kernel accepts. The 16-bit area id of a corrupt completion may be larger.
    private const int MaxAreas = 1024;

    private readonly MappedArea[] _areas = new MappedArea[MaxAreas];
    private int _count;

    /// <summary>Gets the number of buffers in all areas.</summary>
    public int Buffers
    {
        get
        {
            int buffers = 0;
            for (int i = 0; i < Volatile.Read(ref _count); i++)
            {
                buffers += (int)(_areas[i].Memory.Length / (nuint)bufferLength);
            }

            return buffers;
        }
    }

    /// <summary>Gets the id that the next added area has, if the kernel assigns consecutive ids.</summary>
    public int NextId => _count;

    /// <summary>Gets the first area.</summary>
    public MemoryRegion First => _areas[0].Memory;

    /// <summary>Adds an area.</summary>
    /// <param name="memory">The area's memory.</param>
    /// <param name="id">The id that the kernel assigned to the area.</param>
    public void Add(MemoryRegion memory, int id)
    {
        _areas[id] = new MappedArea(memory, memory.Address, new AreaMemory(memory.Address, memory.Length));
        // Write the count last. Another thread reads only the areas below it.
        Volatile.Write(ref _count, int.Max(_count, id + 1));
    }

    /// <summary>Returns the address of a completion's bytes.</summary>
    /// <param name="offset">
    /// The offset of the completion, with the area id in the top 16 bits and the byte offset in the other bits.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Address(ulong offset) =>
        // The mask keeps a corrupt area id inside the table. An unused entry has a null address, so that reading its bytes faults at once.
        (byte*)_areas[(int)(offset >> IORING_ZCRX_AREA_SHIFT) & (MaxAreas - 1)].Address + (nuint)(offset & ~IORING_ZCRX_AREA_MASK);

    /// <summary>Determines whether all bytes of a completion lie in one area.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(ulong offset, int length) => ViewOf(offset).Contains(offset, length);

    /// <summary>Returns the area of a completion as memory for consumers.</summary>
    public AreaMemory MemoryOf(ulong offset) => _areas[(int)(offset >> IORING_ZCRX_AREA_SHIFT) & (MaxAreas - 1)].View;

    /// <summary>
    /// Returns the area of a completion by value, so that the caller can handle further completions without this table. If there is no such
    /// area, the view contains no bytes.
    /// </summary>
    public AreaView ViewOf(ulong offset)
    {
        ulong id = offset >> IORING_ZCRX_AREA_SHIFT;
        return id < (ulong)_count ? new AreaView((byte*)_areas[id].Address, id << IORING_ZCRX_AREA_SHIFT, _areas[id].Memory.Length) : default;
    }

    /// <param name="Memory">The memory.</param>
    /// <param name="Address">The address of the memory. It is stored separately, since it is read for each buffer.</param>
    /// <param name="View">The memory in the form that consumers get.</param>
    private readonly record struct MappedArea(MemoryRegion Memory, nint Address, AreaMemory View);
}
