using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Nic;

/// <summary>Tests a group of queues while steering, queues, observers and connections change at the same time.</summary>
[Collection(SocketsCollection.Name)]
public class SteeredMoveTests : IClassFixture<ResourceCheck>
{
    private const int Schedules = 40;
    private const int RxQueues = 4;
    private const int Ours = 3;

    [Fact]
    public async Task Streams_keep_order_and_bytes_during_moves_steering_pauses_and_closing()
    {
        foreach (int seed in Gen.Choose(0, int.MaxValue).Sample(Schedules))
        {
            await RunAsync(seed, restarts: false);
        }
    }

    /// <summary>
    /// Tests streams over queues that are closed and opened again. Payload in the memory of a closed queue is lost. The stream must then
    /// end with an error that gives the offset, and must not continue after the gap.
    /// </summary>
    [Fact]
    public async Task Stream_over_reopened_queues_is_complete_or_names_the_position_of_its_failure()
    {
        foreach (int seed in Gen.Choose(0, int.MaxValue).Sample(Schedules))
        {
            await RunAsync(seed, restarts: true);
        }
    }

    private static async Task RunAsync(int seed, bool restarts)
    {
        Random random = new(seed);
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = RxQueues, RetransmitDelay = TimeSpan.FromMilliseconds(2), PacketLength = random.Next(2) * 1448 });
        World world = new(nic, random, Scramble(random));
        await world.OpenAsync();
        List<Task> streams = [];
        for (int i = 0; i < 5; i++)
        {
            (Peer peer, ZcrxConnection connection) = await world.ConnectAsync();
            streams.Add(StreamAsync(world, peer, connection, random.Next(), closes: random.Next(8) == 0, restarts));
        }

        Task all = Task.WhenAll(streams);
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(2));
        while (!all.IsCompleted)
        {
            if (restarts && random.Next(8) == 0)
            {
                await world.ReopenAsync(random.Next(Ours));
            }
            else
            {
                nic.RssTable = Scramble(random);
            }

            await pace.WaitForNextTickAsync();
        }

        try
        {
            await all;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"failed with seed {seed}, restarts {restarts}", exception);
        }

        await world.CloseAsync();
    }

    private static async Task StreamAsync(World world, Peer peer, ZcrxConnection connection, int seed, bool closes, bool restarts)
    {
        Random random = new(seed);
        int total = random.Next(1, 600_000);
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = SendAsync(peer, total, random.Next(1, 40_000));
            while (!recorder.HasEnded)
            {
                await Task.Yield();
                switch (random.Next(6))
                {
                    case 0:
                        connection.Pause();
                        break;
                    case 1 or 2:
                        connection.Resume();
                        break;
                    case 3 when closes:
                        connection.Dispose();
                        break;
                    default:
                        // If the next byte is not in the memory of the chosen queue, the group moves the connection again.
                        await world.Group.MoveAsync(connection, world.AnyQueue(random), MoveReason.Pressure).Within("the move has an outcome");
                        connection.Resume();
                        break;
                }
            }

            if (recorder.Error is null)
            {
                await recorder.AssertCompletedAsync(total);
            }
            else
            {
                Assert.True(closes || restarts, recorder.Error.ToString());
                ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
                Assert.Equal(recorder.End, error.StreamOffset);
            }

            await sending.Within("the sender is done");
        }
    }

    /// <summary>Sends the whole stream of a peer. A connection whose stream is broken is reset, so the call may fail.</summary>
    private static async Task SendAsync(Peer peer, int total, int piece)
    {
        try
        {
            await peer.SendAllAsync(total, piece);
        }
        catch (System.Net.Sockets.SocketException exception) when (exception.SocketErrorCode is System.Net.Sockets.SocketError.NotConnected)
        {
            // The connection was reset after the last byte and before the shutdown.
        }
    }

    private static int[] Scramble(Random random) => [.. Enumerable.Range(0, 128).Select(_ => random.Next(RxQueues))];

    /// <summary>Contains the queues of one run, the group, and the objects that outlive the queues.</summary>
    private sealed class World(EmulatedNic nic, Random random, int[] table)
    {
        private readonly ZcrxSuspendedConnections[] _suspended = [.. Enumerable.Range(0, Ours).Select(static _ => new ZcrxSuspendedConnections())];
        private readonly ZcrxQueue?[] _queues = new ZcrxQueue?[Ours];
        private readonly System.Net.Sockets.Socket _listener = ListenSocket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        private int _streams;

        public ZcrxQueueGroup Group { get; } = new();

        public async Task OpenAsync()
        {
            nic.RssTable = table;
            for (int i = 0; i < Ours; i++)
            {
                await OpenAsync(i);
            }
        }

        public async Task<(Peer Peer, ZcrxConnection Connection)> ConnectAsync()
        {
            Peer peer = await Peer.ConnectAsync(_listener.LocalEndPoint!, Interlocked.Increment(ref _streams));
            _listener.Blocking = true;
            System.Net.Sockets.Socket socket = await _listener.AcceptAsync();
            return (peer, await _queues[0]!.AttachAsync(socket).Within("the socket is attached"));
        }

        public ZcrxQueue AnyQueue(Random any) => Volatile.Read(ref _queues[any.Next(Ours)])!;

        public async Task ReopenAsync(int index)
        {
            ZcrxQueue queue = _queues[index]!;
            Group.Remove(queue);
            await queue.SuspendAsync(TimeSpan.FromMilliseconds(random.Next(3))).Within("the queue suspends its connections");
            await queue.DisposeAsync().AsTask().Within("the queue closes");
            await OpenAsync(index);
            await _suspended[index].ContinueOnAsync([_queues[index]!]).Within("connections resume");
        }

        public async Task CloseAsync()
        {
            foreach (ZcrxSuspendedConnections suspended in _suspended)
            {
                suspended.Dispose();
            }

            foreach (ZcrxQueue? queue in _queues)
            {
                await queue!.DisposeAsync().AsTask().Within("the queue closes");
                await queue.Completion.Within("the ring thread has ended");
            }

            _listener.Dispose();
        }

        private async Task OpenAsync(int index)
        {
            ZcrxQueueOptions options = TestQueue.Options(buffers: 64) with
            {
                Name = $"rx{index}", Interface = nic.Name, RxQueue = index, Emulation = new EmulatedKernelOptions { Nics = [nic] },
            };
            ZcrxQueue queue = await ZcrxQueue.OpenAsync(options, _suspended[index]).Within("the queue opens");
            Volatile.Write(ref _queues[index], queue);
            Group.Add(queue, new EmulatedNicFacts([nic]));
        }
    }
}
