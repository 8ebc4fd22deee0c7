using System.Runtime.CompilerServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>Holds the I/O vectors of one read, in memory that does not move.</summary>
internal sealed unsafe class VectorTable(int capacity)
{
    private readonly IoVector[] _table = GC.AllocateUninitializedArray<IoVector>(capacity, pinned: true);

    public IoVector* First => (IoVector*)Unsafe.AsPointer(ref _table[0]);
}
