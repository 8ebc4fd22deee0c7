using Zcrx.Interop.Emulation;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Multishot;

/// <summary>Holds the receives whose sockets are readable. They read in the order in which they were added.</summary>
/// <param name="completions">The completions of the ring.</param>
/// <param name="turns">Limits the buffers of a turn.</param>
internal sealed unsafe class ReadyReceives(EmulatedCompletions completions, TurnLimit turns)
{
    private readonly Queue<MultishotRequest> _requests = new();
    private readonly ScatteringRead _read = new(completions, new VectorTable(ScatteringRead.MaxBuffers));
    private uint _start;

    /// <summary>Gets the number of receives that wait to read.</summary>
    public int Count => _requests.Count;

    /// <summary>Adds a receive at the end.</summary>
    public void Add(MultishotRequest request)
    {
        request.Phase = ReceivePhase.Ready;
        _requests.Enqueue(request);
    }

    /// <summary>Begins a turn.</summary>
    public void BeginTurn() => _start = completions.Tail;

    /// <summary>Takes the next receive. Returns null when there is none, or when the turn has posted enough completions.</summary>
    /// <remarks>
    /// The completions of a turn are limited, so that the bytes are consumed and the buffers reused while they are in the processor's
    /// cache.
    /// </remarks>
    public MultishotRequest? Take() =>
        completions.Tail - _start < (uint)turns.Buffers && _requests.TryDequeue(out MultishotRequest? request) ? request : null;

    /// <summary>Reads once into free buffers of the queue. Called under the lock of the queue.</summary>
    /// <param name="request">The receive request. The read reduces its budget and sets the size of its next read.</param>
    /// <param name="queue">The queue of the buffers.</param>
    /// <param name="result">The result of the read: the number of bytes or a negative errno.</param>
    /// <param name="isFilled">Whether the read has filled all buffers that it offered.</param>
    /// <returns>The number of filled buffers; −1 when no buffer or no completion slot is free.</returns>
    public int Read(MultishotRequest request, EmulatedInterfaceQueue queue, out int result, out bool isFilled)
    {
        int wanted = int.Min(completions.Reservable, int.Min(request.ReadSize.Buffers, turns.Buffers));
        MessageHeader message = _read.Prepare(queue, wanted, request.HasBudget ? request.Budget : long.MaxValue, out int offeredBuffers, out nint offered);
        result = 0;
        isFilled = false;
        if (offeredBuffers == 0)
        {
            return -1;
        }

        result = (int)SocketCalls.ReceiveMessage(request.SocketFd, &message, SocketCalls.MSG_DONTWAIT);
        if (result <= 0)
        {
            return 0;
        }

        int used = _read.Deliver(request.UserData, queue, result);
        ScatteringRead.CountCopies(queue, result);
        request.Budget -= result;
        request.ReadSize = request.ReadSize.Next(used, turns.Buffers);
        isFilled = result == offered;
        return used;
    }
}
