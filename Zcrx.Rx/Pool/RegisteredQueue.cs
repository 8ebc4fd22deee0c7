using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Pool;

/// <summary>Represents a queue that is registered with a kernel.</summary>
internal sealed class RegisteredQueue(InterfaceQueue queue, CompletionQueue completions) : IPoolQueue
{
    public int Buffers => queue.Buffers;

    public int BufferLength => queue.BufferLength;

    public RefillQueue Refill => queue.Refill;

    public BufferLedger Ledger => queue.Ledger;

    public QueueMemory Memory => queue.Memory;

    public bool HasCompletions => completions.Ready > 0;

    public int Flush() => queue.Flush();

    public void AddArea(nuint size) => queue.AddArea(size);

    public bool CanTrimAreas => queue.CanTrimAreas;

    public void TrimAreas() => queue.TrimAreas();
}
