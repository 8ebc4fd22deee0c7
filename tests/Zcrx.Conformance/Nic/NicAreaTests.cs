using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests one queue of a device with several areas.</summary>
public unsafe class NicAreaTests : IClassFixture<LeakCheck>
{
    private const int BuffersEach = 128;

    [SkippableTheory]
    [Kernels]
    public void Device_writes_to_all_areas_and_each_buffer_returns_to_its_area(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name, ZcrxFeature.AddArea, ZcrxFeature.Statistics), BuffersEach);
        TestQueue queue = nic.Queue;
        using var memory = new TestMemory(BuffersEach * TestMemory.Page);
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_ADD_AREA };
        control.zc_area.area_ptr = (ulong)&area;
        Results.Equal(0, queue.Ring.Register(LinuxIoUring.IORING_REGISTER_ZCRX_CTRL, &control, 0));
        nint first = queue.Setup.Area.Address;

        TcpPair connection = nic.Connect();
        queue.Receive(connection, 1);
        long position = 0;
        for (int round = 0; round < 3; round++)
        {
            HashSet<ulong> used = [];
            List<Cqe> held = [];
            Deadline.Watch watch = Deadline.Start("more buffers are in flight than one area has");
            while (held.Count <= BuffersEach)
            {
                connection.SendSome(16 * 1024);
                queue.Ring.RunTurn();
                foreach (Cqe cqe in queue.Ring.TakeAll().Where(cqe => cqe.UserData == 1))
                {
                    ulong token = cqe.Offset & IORING_ZCRX_AREA_MASK;
                    Assert.True(cqe.IsData && (token == 0 || token == area.rq_area_token), $"{cqe}");
                    byte* start = (byte*)(token == 0 ? first : memory.Address);
                    Pattern.AssertAt(new ReadOnlySpan<byte>(start + (nint)(cqe.Offset & ~IORING_ZCRX_AREA_MASK), cqe.Result), position);
                    position += cqe.Result;
                    used.Add(token);
                    held.Add(cqe);
                }

                watch.Check(() => $"{held.Count} are in flight");
            }

            Assert.Equal(2, used.Count);
            // The offset of each completion contains an area id, so each buffer returns to its own area.
            queue.Return(held);
            queue.FlushAll();
        }

        Assert.Equal(0ul, queue.CopyCount);
    }
}
