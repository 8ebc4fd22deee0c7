using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Runs one case: a few streams over two queues that end and are replaced repeatedly.</summary>
internal sealed class SuspensionRun(int seed) : IDisposable
{
    private const int Queues = 2;
    private const int Streams = 4;
    private const int Deaths = 8;

    private readonly Random _random = new(seed);
    private readonly ZcrxSuspendedConnections _suspended = new();
    private readonly List<TestQueue> _former = [];
    private readonly TestQueue[] _open = new TestQueue[Queues];
    private readonly EmulatedFaultPlan[] _faults = new EmulatedFaultPlan[Queues];
    private volatile bool _isOver;

    public async Task RunAsync()
    {
        for (int i = 0; i < Queues; i++)
        {
            await OpenAsync(i);
        }

        List<Task> streams = [];
        List<(Recorder Recorder, ZcrxConnection Connection)> consumers = [];
        for (int i = 0; i < Streams; i++)
        {
            (Peer peer, ZcrxConnection connection) = await _open[0].ConnectAsync();
            Recorder recorder = new(peer.Stream);
            consumers.Add((recorder, connection));
            streams.Add(StreamAsync(peer, connection, recorder, _random.Next(1, 60_000)));
        }

        for (int i = 0; i < Deaths; i++)
        {
            int victim = _random.Next(Queues);
            long before = consumers.Sum(static consumer => consumer.Recorder.Bytes);
            Task moving = Task.WhenAll(consumers.Where(_ => _random.Next(3) == 0).Select(consumer => consumer.Connection.MoveToAsync(_open[_random.Next(Queues)].Queue)));
            consumers.ForEach(consumer => Toggle(consumer.Connection));
            await SuspensionTests.KillAsync(_open[victim], _faults[victim], (QueueDeath)_random.Next(3));
            _former.Add(_open[victim]);
            await OpenAsync(victim);
            await _suspended.ContinueOnAsync(_random.Next(2) == 0 ? [_open[victim].Queue] : [.. _open.Select(static queue => queue.Queue)]).Within("the connections resume");
            try
            {
                await moving.Within("the moves have an outcome");
            }
            catch (ObjectDisposedException)
            {
                // The target queue has ended, so the move has failed.
            }

            // A connection whose move has failed may have been suspended after the first call. This call resumes it.
            await _suspended.ContinueOnAsync(_open[victim].Queue).Within("the connections resume");
            consumers.ForEach(static consumer => consumer.Connection.Resume());
            await Deadline.UntilAsync(
                () => consumers.Sum(static consumer => consumer.Recorder.Bytes) > before || consumers.Exists(static consumer => consumer.Recorder.HasEnded),
                "bytes come again");
        }

        _isOver = true;
        await Task.WhenAll(streams);
        Assert.Equal(0, _suspended.Count);
        foreach (TestQueue queue in _former.Concat(_open))
        {
            await queue.AllReturnedAsync();
            await queue.CloseAsync();
        }
    }

    public void Dispose() => _suspended.Dispose();

    private void Toggle(ZcrxConnection connection)
    {
        if (_random.Next(4) == 0)
        {
            connection.Pause();
        }
    }

    private async Task OpenAsync(int index)
    {
        _faults[index] = EmulatedFaultPlan.Random(_random.Next(), _random.NextDouble() / 4);
        _open[index] = await SuspensionTests.OpenAsync(_suspended, _faults[index], _random.Next(4, 64));
    }

    private async Task StreamAsync(Peer peer, ZcrxConnection connection, Recorder recorder, int piece)
    {
        using (peer)
        {
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            while (!_isOver && !peer.WasReset)
            {
                await peer.SendAsync(4 * piece, piece);
            }

            peer.EndSending();
            await recorder.AssertCompletedAsync(peer.Sent);
            await connection.Closed.Within("the connection is closed");
        }
    }
}
