using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Imitates receives whose bytes the kernel copies: reads from the socket into area buffers. A turn is one attempt to receive for a
/// request. It usually needs one scattering read.
/// </summary>
/// <param name="completions">Posts the buffers.</param>
/// <param name="ends">Ends the turns.</param>
/// <param name="read">Prepares the reads.</param>
/// <param name="turns">Limits the buffers per turn.</param>
internal sealed unsafe class EmulatedCopyingReceive(EmulatedCompletions completions, EmulatedReceiveEnds ends, ScatteringRead read, TurnLimit turns)
{
    /// <summary>Reads until the socket is empty, the turn is over, or no buffer or completion slot is free.</summary>
    /// <param name="request">The request.</param>
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
                // If neither a buffer nor a completion slot is free, −ENOMEM is reported: the kernel takes the buffer first.
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
                // The offered buffers are full. Whether the request ends depends on the bytes that are left in the socket.
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
