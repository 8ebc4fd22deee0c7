using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Imitates receives whose bytes the kernel copies. Reads from the socket into buffers of an area, in turns. A turn is one attempt to
/// receive for a request.
/// </summary>
/// <param name="completions">Posts a completion for each filled buffer.</param>
/// <param name="ends">Ends a turn, and the request if necessary.</param>
/// <param name="read">Prepares the reads.</param>
/// <param name="turns">Limits the buffers per turn.</param>
internal sealed unsafe class EmulatedCopyingReceive(EmulatedCompletions completions, EmulatedReceiveEnds ends, ScatteringRead read, TurnLimit turns)
{
    /// <summary>
    /// Runs a turn: reads until the socket is empty, the limit of the turn is reached, or no buffer or completion slot is free.
    /// </summary>
    /// <param name="request">The receive request.</param>
    /// <param name="queue">The queue whose buffers are filled.</param>
    /// <param name="isFirst">Whether this is the first attempt, made during the submission before the request waits.</param>
    /// <param name="most">The largest number of bytes to receive.</param>
    /// <param name="rxQueue">The RX queue that the bytes arrived on, for the interface's counters; −1 without a NIC.</param>
    /// <returns>The number of bytes received.</returns>
    public long Receive(EmulatedRequest request, EmulatedInterfaceQueue queue, bool isFirst, long most, int rxQueue)
    {
        int limit = turns.Buffers;
        long bytes = ends.TurnLimit(most);
        long total = 0;
        int delivered = 0;
        while (true)
        {
            int wanted = int.Min(request.ReadSize.Buffers, limit - delivered);
            long wantedBytes = request.HasBudget ? long.Min(bytes, request.Budget) : bytes;
            MessageHeader message = read.Prepare(queue, (int)uint.Min(completions.DataSpace, (uint)wanted), wantedBytes, out int buffers, out nint offered);
            if (buffers == 0)
            {
                // The kernel takes a buffer before a completion slot. If both are missing, it reports −ENOMEM.
                ends.EndWithoutRoom(request, queue.HasFreeBuffer ? -ENOSPC : -ENOMEM, delivered, isFirst);
                return total;
            }

            nint received = request.Read(&message);
            if (received <= 0)
            {
                ends.EndTurn(request, received is -EAGAIN or -EINTR ? null : (int)received, delivered > 0);
                return total;
            }

            int used = read.Deliver(request.UserData, queue, (int)received);
            delivered += used;
            total += received;
            ScatteringRead.CountCopies(queue, received);
            queue.Nic?.Count(rxQueue, new EmulatedRxQueueCounters { CopiedBytes = received });
            if (request.HasBudget && (request.Budget -= (uint)received) == 0)
            {
                ends.EndWithBudget(request, queue, isFirst, hasCopied: true);
                return total;
            }

            if (used == buffers && (completions.DataSpace == 0 || !queue.HasFreeBuffer))
            {
                // All offered buffers are full and no more can be offered. The bytes left in the socket decide whether the request ends.
                ends.EndWithoutRoom(request, queue.HasFreeBuffer ? -ENOSPC : -ENOMEM, delivered, isFirst);
                return total;
            }

            request.ReadSize = request.ReadSize.Next(used, limit);
            bytes -= received;
            if (received < offered || delivered == limit || bytes == 0)
            {
                ends.EndTurn(request, null, hasCopied: true);
                return total;
            }
        }
    }
}
