using System.Runtime.CompilerServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>Prepares reads that fill several free buffers of a queue, and posts the filled buffers.</summary>
/// <remarks>Used under the lock of the queue. The lock is held from the preparation of a read until its buffers are delivered.</remarks>
/// <param name="completions">Posts a completion for each filled buffer.</param>
/// <param name="vectors">The I/O vectors of one read. There are <see cref="MaxBuffers"/> of them.</param>
internal sealed unsafe class ScatteringRead(EmulatedCompletions completions, VectorTable vectors)
{
    /// <summary>The largest number of buffers in a read.</summary>
    public const int MaxBuffers = 1024;

    /// <summary>
    /// The assumed size of a copied fragment in bytes. The kernel counts copies by fragment. A TCP fragment on loopback has at most 32 KiB,
    /// the size of the kernel's page chunks.
    /// </summary>
    private const uint FragmentLength = 32 * 1024;

    /// <summary>Adds received bytes to the copy counters of a queue.</summary>
    public static void CountCopies(EmulatedInterfaceQueue queue, long received) =>
        queue.CountCopies((uint)((received + FragmentLength - 1) / FragmentLength), (ulong)received);

    /// <summary>Fills the I/O vectors of one read with free buffers, in the order in which the kernel takes them.</summary>
    /// <param name="queue">The queue of the buffers.</param>
    /// <param name="limit">The largest number of buffers.</param>
    /// <param name="most">The largest number of bytes.</param>
    /// <param name="buffers">The number of buffers that the vectors cover.</param>
    /// <param name="offered">The number of bytes that the vectors cover.</param>
    /// <returns>The message header of the read. It has no vectors when no buffer is free.</returns>
    public MessageHeader Prepare(EmulatedInterfaceQueue queue, int limit, long most, out int buffers, out nint offered)
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
                    // Adjacent buffers share a vector, so that copies are fewer and longer. If buffers return in the order in which they
                    // were taken, about half of them are adjacent.
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

        return new MessageHeader { Vectors = vectors.First, VectorCount = (nuint)(vector + 1 - vectors.First) };
    }

    /// <summary>Takes the filled buffers out of the pool and posts a completion for each.</summary>
    /// <returns>The number of filled buffers.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Deliver(ulong userData, EmulatedInterfaceQueue queue, int received)
    {
        int used = 0;
        int length = queue.BufferLength;
        foreach (EmulatedArea area in queue.Areas)
        {
            while (received > 0 && area.FreeCount > 0)
            {
                int part = int.Min(received, length);
                int buffer = area.TakeForUser();
                completions.PostData(userData, part, area.Token | ((ulong)(uint)buffer << area.BufferShift));
                received -= part;
                used++;
            }
        }

        return used;
    }
}
