using System.Runtime.CompilerServices;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Imitates receives that the kernel copies: reads from the socket into area buffers. A turn is one attempt to receive for a request. It
/// usually needs one scattering read.
/// </summary>
/// <param name="completions">Posts the buffers.</param>
/// <param name="ends">Ends the turns.</param>
/// <param name="vectors">The vectors of one read, <see cref="MaxBuffersPerTurn"/> of them.</param>
/// <param name="options">Limits the buffers per turn.</param>
internal sealed unsafe class EmulatedCopyingReceive(EmulatedCompletions completions, EmulatedReceiveEnds ends, VectorTable vectors, EmulatedKernelOptions options)
{
    /// <summary>The largest number of buffers in a turn.</summary>
    public const int MaxBuffersPerTurn = 1024;

    /// <summary>
    /// The assumed size of a copied fragment in bytes. The kernel counts copies by fragment. On loopback, a TCP fragment is at most one 32
    /// KiB page chunk.
    /// </summary>
    public const uint FragmentLength = 32 * 1024;

    /// <summary>Reads until the socket is empty, the turn is over, or no buffer or completion slot is free.</summary>
    /// <param name="request">The request.</param>
    /// <param name="queue">The queue whose buffers are filled.</param>
    /// <param name="isFirst">Whether this is the first attempt, made during the submission before the request waits.</param>
    /// <param name="most">The largest number of bytes to receive.</param>
    /// <param name="rxQueue">The RX queue that the bytes arrived on, for the interface's counters; −1 without a NIC.</param>
    /// <returns>The number of bytes received.</returns>
    public long Receive(EmulatedRequest request, EmulatedInterfaceQueue queue, bool isFirst, long most, int rxQueue)
    {
        int limit = int.Min(options.BuffersPerTurn, MaxBuffersPerTurn);
        long bytes = ends.TurnLimit(most);
        long total = 0;
        int delivered = 0;
        while (true)
        {
            int wanted = int.Min(request.BuffersPerRead, limit - delivered);
            long wantedBytes = request.HasBudget ? long.Min(bytes, request.Budget) : bytes;
            int count = Prepare(queue, (int)uint.Min(completions.DataSpace, (uint)wanted), wantedBytes, out int buffers, out nint offered);
            if (count == 0)
            {
                // If neither a buffer nor a completion slot is free, −ENOMEM is reported: the kernel takes the buffer first.
                ends.EndWithoutRoom(request, queue.HasFreeBuffer ? -ENOSPC : -ENOMEM, delivered, isFirst);
                return total;
            }

            MessageHeader message = new() { Vectors = vectors.First, VectorCount = (nuint)count };
            nint received = request.Read(&message);
            if (received <= 0)
            {
                ends.EndTurn(request, received is -EAGAIN or -EINTR ? null : (int)received, delivered > 0);
                return total;
            }

            int used = Deliver(request, queue, (int)received);
            delivered += used;
            total += received;
            queue.CountCopies(((uint)received + FragmentLength - 1) / FragmentLength, (ulong)received);
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

            request.Learn(used, limit);
            bytes -= received;
            if (received < offered || delivered == limit || bytes == 0)
            {
                ends.EndTurn(request, null, hasCopied: true);
                return total;
            }
        }
    }

    /// <summary>Fills the vectors of one read with the free buffers, in the order in which the areas hand them out.</summary>
    /// <param name="queue">The queue of the buffers.</param>
    /// <param name="limit">The largest number of buffers.</param>
    /// <param name="most">The largest number of bytes.</param>
    /// <param name="buffers">The number of buffers that the vectors cover.</param>
    /// <param name="offered">The number of bytes that the vectors cover.</param>
    /// <returns>The number of vectors.</returns>
    private int Prepare(EmulatedInterfaceQueue queue, int limit, long most, out int buffers, out nint offered)
    {
        IoVector* vector = vectors.First - 1;
        uint length = (uint)queue.BufferLength;
        buffers = 0;
        offered = 0;
        nint end = 0;
        foreach (EmulatedArea area in queue.Areas)
        {
            int free = area.FreeCount;
            for (int i = 0; i < free && buffers < limit && offered < most; i++)
            {
                nint part = (nint)long.Min(length, most - offered);
                nint address = (nint)(area.Address + ((nuint)area.PeekFree(i) << area.BufferShift));
                if (address == end && buffers > 0)
                {
                    // Adjacent buffers share a vector: copies are fewer and longer. About half of the buffers are adjacent if they return
                    // in the order in which they were taken.
                    vector->Length += (nuint)part;
                }
                else
                {
                    vector++;
                    vector->Base = address;
                    vector->Length = (nuint)part;
                }

                end = address + part;
                offered += part;
                buffers++;
            }
        }

        return (int)(vector - vectors.First) + 1;
    }

    /// <summary>Takes the filled buffers out of the pool and posts a completion for each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Deliver(EmulatedRequest request, EmulatedInterfaceQueue queue, int received)
    {
        int used = 0;
        int length = queue.BufferLength;
        foreach (EmulatedArea area in queue.Areas)
        {
            while (received > 0 && area.FreeCount > 0)
            {
                int part = int.Min(received, length);
                int buffer = area.TakeForUser();
                completions.PostData(request.UserData, part, area.Token | ((ulong)(uint)buffer << area.BufferShift));
                received -= part;
                used++;
            }
        }

        return used;
    }
}
