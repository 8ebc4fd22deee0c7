using System.Globalization;
using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Nic;

/// <summary>Waiting that takes packets from the device itself.</summary>
public unsafe class NicBusyPollTests : IClassFixture<LeakCheck>
{
    [SkippableFact]
    public void A_ring_that_waits_takes_packets_by_polling()
    {
        using var nic = new NicQueue(NicUnderTest.Open(KernelUnderTest.Linux), buffers: 1024, entries: 1024);
        io_uring_napi napi = new() { busy_poll_to = 20_000, prefer_busy_poll = 1, op_param = IO_URING_NAPI_TRACKING_DYNAMIC };
        int result = nic.Queue.Ring.Register(IORING_REGISTER_NAPI, &napi, 1);
        Skip.If(result != 0, $"this kernel does not poll for io_uring: {Results.Name(result)}");
        TcpPair connection = nic.Connect();
        nic.Queue.Receive(connection, 1);
        long before = PolledPackets();
        using var stop = new CancellationTokenSource();
        var sender = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                connection.SendSome(8 * 1024);
                Thread.Yield();
            }
        });
        sender.Start();
        long position = 0;
        try
        {
            Deadline.Watch watch = Deadline.Start("packets are polled");
            while (PolledPackets() == before)
            {
                nic.Queue.Ring.RunUntil(static all => all.Count > 0, "data comes");
                IReadOnlyList<Cqe> completions = nic.Queue.Ring.TakeAll();
                position = nic.Queue.AssertPattern(completions, position);
                nic.Queue.Return(completions);
                watch.Check(() => $"{position} bytes came, none of them by polling");
            }
        }
        finally
        {
            stop.Cancel();
            sender.Join();
        }

        nic.ReceiveUpTo(connection, 1, position, connection.Sent);
    }

    /// <summary>What <c>/proc/net/netstat</c> counts: a line of names, a line of values.</summary>
    private static long PolledPackets()
    {
        string[][] lines = [.. File.ReadLines("/proc/net/netstat").Where(line => line.StartsWith("TcpExt:", StringComparison.Ordinal)).Select(line => line.Split(' '))];
        int column = Array.IndexOf(lines[0], "BusyPollRxPackets");
        Skip.If(column < 0, "this kernel does not count polled packets");
        return long.Parse(lines[1][column], CultureInfo.InvariantCulture);
    }
}
