using Zcrx.Fuzz.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Emulation;

namespace Zcrx.Fuzz.Targets;

/// <summary>
/// Tests the kernel's side of a refill queue against a hostile application. The application writes any entries and any tail, and flushes at
/// any time. A page pool takes buffers at any time.
/// </summary>
internal sealed unsafe class RefillTarget : IFuzzTarget
{
    private const int BufferShift = 12;
    private const int MaxBuffers = 64;
    private const int MaxEntriesShift = 6;

    public string Name => "refill";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        // Takes buffers, returns them, and flushes the refill queue.
        [0, 3, 4, 1, 0, 0, 3, 0, 3, 1, 5, 0, 3, 0, 5],
        // Takes buffers, returns them, and flushes the refill queue, with a page pool.
        [5, 3, 8, 1, 1, 1, 1, 3, 0, 3, 0, 1, 6, 3, 0, 3, 0, 6, 1],
        // Writes entries whose values come from the input, and a tail that is far ahead.
        [5, 2, 8, 2, 0, 0, 2, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 255, 255, 255, 255, 5, 6],
    ];

    public void Run(byte[] input)
    {
        FuzzInput reader = new(input);
        EmulatedKernelProfile profile = EmulatedKernelProfile.All[reader.Below(EmulatedKernelProfile.All.Count)];
        uint entries = 1u << reader.Below(MaxEntriesShift + 1);
        int buffers = 1 + reader.Below(MaxBuffers);
        int areas = 1 + reader.Below(3);
        using GuardedMemory region = new((int)profile.EntriesOffset + ((int)entries * sizeof(io_uring_zcrx_rqe)));
        EmulatedInterfaceQueue queue = new(owner: null!, profile, region.Address, entries, default, BufferShift);
        for (int i = 0; i < areas; i++)
        {
            // There need not be memory at these addresses, because the code under test does not access the areas.
            queue.AddArea((i + 1) << 28, (nuint)buffers << BufferShift);
        }

        EmulatedPagePool pool = new(queue);
        uint* head = (uint*)region.Address;
        uint* tail = (uint*)(region.Address + profile.TailOffset);
        io_uring_zcrx_rqe* ring = (io_uring_zcrx_rqe*)(region.Address + profile.EntriesOffset);
        List<ulong> taken = [];
        while (!reader.IsEmpty)
        {
            switch (reader.Byte() % 8)
            {
                case 0 when queue.Areas[reader.Below(areas)] is { FreeCount: > 0 } area:
                    taken.Add(area.Token | ((ulong)(uint)area.TakeForUser() << BufferShift));
                    break;
                case 1 when pool.Fill():
                    (EmulatedArea pooled, int buffer) = pool.Take();
                    for (int packets = 1 + reader.Below(3); packets > 0; packets--)
                    {
                        pooled.AddUserReference(buffer);
                    }

                    taken.Add(pooled.Token | ((ulong)(uint)buffer << BufferShift));
                    break;
                case 2:
                    ring[*tail & (entries - 1)] = new io_uring_zcrx_rqe { off = reader.UInt64(), len = reader.UInt32(), __pad = reader.Byte() % 4u == 0 ? 1u : 0u };
                    ++*tail;
                    break;
                case 3 when taken.Count > 0:
                    ring[*tail & (entries - 1)] = new io_uring_zcrx_rqe { off = taken[reader.Below(taken.Count)] };
                    ++*tail;
                    break;
                case 4:
                    *tail = reader.UInt32();
                    break;
                case 5:
                    queue.Flush();
                    break;
                case 6 when pool.Count == 0:
                    queue.Refill(pool, 64);
                    break;
                case 7:
                    *head = reader.UInt32();
                    break;
                default:
                    break;
            }

            Check(queue, pool, buffers);
        }

        queue.RemoveUser(null);
        FuzzException.Require(queue.Areas.Sum(static area => area.FreeCount) + pool.Count <= buffers * areas, "no buffer is free twice after the end");
        Check(queue, pool, buffers);
    }

    /// <summary>Throws if a buffer is free twice. A buffer can be free in a list or in the page pool.</summary>
    private static void Check(EmulatedInterfaceQueue queue, EmulatedPagePool pool, int buffers)
    {
        HashSet<ulong> free = [];
        foreach (EmulatedArea area in queue.Areas)
        {
            FuzzException.Require(area.FreeCount >= 0 && area.FreeCount <= buffers, "an area has at most its own buffers");
            for (int i = 0; i < area.FreeCount; i++)
            {
                FuzzException.Require(free.Add(area.Token | (uint)area.PeekFree(i)), "no buffer is free twice");
            }
        }

        for (int i = 0; i < pool.Count; i++)
        {
            (EmulatedArea area, int buffer) = pool.Peek(i);
            FuzzException.Require(free.Add(area.Token | (uint)buffer), "no buffer of the page pool is free");
        }
    }
}
