using System.Runtime.CompilerServices;

namespace Zcrx.Interop.Emulation;

/// <summary>The vectors of one read, in memory that does not move.</summary>
internal sealed unsafe class VectorTable(int capacity)
{
    private readonly SocketCalls.IoVector[] _table = GC.AllocateUninitializedArray<SocketCalls.IoVector>(capacity, pinned: true);

    public SocketCalls.IoVector* First => (SocketCalls.IoVector*)Unsafe.AsPointer(ref _table[0]);
}
