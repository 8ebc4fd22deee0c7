using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit.Abstractions;
using Zcrx.Conformance.Child;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests that a process takes over the RX queue of another process while the NIC receives.</summary>
public sealed class NicSuccessorTests(ITestOutputHelper output) : IClassFixture<LeakCheck>, IDisposable
{
    // Several times as many bytes as the pool holds. All buffers must therefore return through the new process, including those that the
    // old process held when it was killed.
    private const int Much = 6 * 1024 * 1024;
    private const int Piece = 128 * 1024;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-nic-successor-");
    private long _received;
    private string? _failure;

    [SkippableFact]
    public async Task New_process_receives_at_once_and_alone_after_the_old_process_is_killed()
    {
        NicUnderTest nic = NicUnderTest.Open(KernelUnderTest.Linux, ZcrxFeature.Export, ZcrxFeature.Import, ZcrxFeature.Statistics);
        string place = Path.Combine(_directory.FullName, "place");
        using var child = new ChildProcess("serve-nic", KernelUnderTest.Linux, place);
        ushort port = ushort.Parse(child.Await("LISTENING"), CultureInfo.InvariantCulture);
        nic.Steer(port, nic.Queue);
        try
        {
            using TcpPair established = TcpPair.Of(server: -1, nic.Connect(port));
            SendToChild(established, child, Piece);

            await using ZcrxTakeover takeover = await ZcrxTakeover.OpenAsync(new ZcrxTakeoverOptions { Path = place });
            using IncomingQueue inherited = takeover.TakeQueue(TakeoverChild.OptionsOf(nic)) ?? throw new InvalidOperationException("No queue came.");
            using Socket listener = takeover.TakeListener("test", new IPEndPoint(nic.Address, port)) ?? throw new InvalidOperationException("No listener came.");
            await using ZcrxQueue queue = await ZcrxQueue.ImportAsync(inherited, TakeoverChild.OptionsOf(nic));
            await takeover.CommitAsync();
            using IDisposable accepting = queue.Listen(listener).Subscribe(connection => connection.Buffers.Subscribe(Take));

            using TcpPair coming = TcpPair.Of(server: -1, nic.Connect(port));
            for (int i = 0; i < Much / Piece; i++)
            {
                Send(coming);
                SendToChild(established, child, Piece);
            }

            child.Kill();
            int kept = await inherited.Released.WaitAsync(Deadline.Limit);
            long before = _received;
            for (int i = 0; i < Much / Piece; i++)
            {
                Send(coming);
            }

            Assert.Equal(0, queue.Snapshot().CopiedFragments);
            Assert.Equal(TakeoverChild.MostKept, kept);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{before} bytes to the new process beside {established.Sent} to the old one, {_received - before} after its end; none was copied"));
        }
        finally
        {
            nic.Unsteer(port);
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private void Send(TcpPair connection)
    {
        connection.Send(Piece);
        Deadline.Until(() => Volatile.Read(ref _received) == connection.Sent || Volatile.Read(ref _failure) is not null, "all sent bytes have arrived");
        Assert.Null(_failure);
    }

    private static void SendToChild(TcpPair connection, ChildProcess child, int count)
    {
        connection.Send(count);
        child.Await(string.Create(CultureInfo.InvariantCulture, $"RECEIVED {connection.Sent}"));
    }

    private void Take(ReceivedBuffer buffer)
    {
        if (!Pattern.IsAt(buffer.Span, buffer.StreamOffset))
        {
            Volatile.Write(ref _failure, $"bytes differ from {buffer.StreamOffset} on");
        }

        Volatile.Write(ref _received, _received + buffer.Length);
    }
}
