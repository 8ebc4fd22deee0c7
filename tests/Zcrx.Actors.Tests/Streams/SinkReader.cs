using System.Buffers;
using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>
/// Plays the actor of a generated schedule. Checks its messages, acknowledges them in a random order, and causes the end of the stream.
/// </summary>
internal sealed class SinkReader(SinkBench bench, SinkSchedule schedule, ActorSink sink)
{
    private readonly List<ZcrxStream.Item> _unacknowledged = [];
    private readonly byte[] _stream = schedule.Stream();
    private readonly Random _random = new(schedule.Seed);
    private long _position;
    private int _messages;
    private int _frames;
    private ZcrxStream? _end;
    private bool _wasEnded;
    private Task _ending = Task.CompletedTask;

    // The stream offset at which the next frame ends.
    private long NextPosition => _position + (_frames < schedule.FrameLengths!.Length ? SinkSchedule.PrefixLength + schedule.FrameLengths[_frames] : 1);

    /// <summary>Determines whether the sink has ended, and the actor has acknowledged every buffer.</summary>
    public bool IsOver => sink.Completion.IsCompleted && _unacknowledged.Count == 0 && bench.Waiting == 0 && (_end is not null || !HasEnd);

    public string State => $"position {_position}, {_messages} messages, {_unacknowledged.Count} unacknowledged, sink {sink.Completion.Status}, {bench.Queue.Snapshot()}";

    // True if the actor receives a message about the end of the stream. It receives none if it has ended or the sink was disposed.
    private bool HasEnd => !ActorIsGone && !sink.Completion.IsCanceled && sink.Completion.Exception?.InnerException is not ZcrxActorTerminatedException;

    // True if the actor or its system has ended. The leases may then be released at any time.
    private bool ActorIsGone => _wasEnded && schedule.End is SinkSchedule.Ending.ActorStops or SinkSchedule.Ending.SystemEnds;

    /// <summary>Processes the messages that have arrived. Called repeatedly.</summary>
    public void Read()
    {
        bool anything = false;
        while (bench.TryTake() is { } message)
        {
            anything = true;
            OnMessage(message);
            if (_messages > schedule.After && !_wasEnded && schedule.End != SinkSchedule.Ending.Peer)
            {
                _wasEnded = true;
                End();
            }
        }

        int keep = schedule.Forgets && anything ? 1 : 0;
        while (_unacknowledged.Count > keep)
        {
            int index = _random.Next(_unacknowledged.Count);
            ZcrxStream.Item item = _unacknowledged[index];
            _unacknowledged.RemoveAt(index);
            item.Acknowledge();
        }
    }

    public async Task CheckAsync()
    {
        await _ending;
        switch (sink.Completion.Status)
        {
            case TaskStatus.RanToCompletion:
                Assert.True(_end is ZcrxStream.Completed || (_end is null && ActorIsGone), _end?.ToString());
                Assert.Equal(schedule.Bytes, _position);
                break;
            case TaskStatus.Canceled:
                Assert.Equal(SinkSchedule.Ending.Disposed, schedule.End);
                Assert.Null(_end);
                break;
            default:
                Exception error = sink.Completion.Exception!.InnerException!;
                if (schedule.End is SinkSchedule.Ending.ActorStops or SinkSchedule.Ending.SystemEnds)
                {
                    Assert.InRange(Assert.IsType<ZcrxActorTerminatedException>(error).StreamOffset, 0, schedule.Bytes);
                }
                else
                {
                    Assert.True(schedule.End is SinkSchedule.Ending.Reset or SinkSchedule.Ending.ConnectionDisposed or SinkSchedule.Ending.QueueCloses);
                    Assert.Same(error, Assert.IsType<ZcrxStream.Failed>(_end).Cause);
                    long reached = Assert.IsType<ZcrxStreamException>(error).StreamOffset;
                    // A stream may break inside a frame.
                    Assert.True(reached >= _position && reached < (schedule.FrameLengths is null ? _position + 1 : NextPosition), $"received up to {_position}: {error}");
                }

                break;
        }
    }

    private void OnMessage(ZcrxStream message)
    {
        Assert.Null(_end);
        Assert.Same(sink, message.Sink);
        _messages++;
        switch (message)
        {
            case ZcrxStream.Init init:
                Assert.Equal(1, _messages);
                init.Acknowledge();
                break;
            case ZcrxStream.Item item:
                OnItem(item);
                break;
            default:
                _end = message;
                break;
        }
    }

    private void OnItem(ZcrxStream.Item item)
    {
        if (schedule.FrameLengths is not null)
        {
            Assert.Equal(schedule.FrameLengths[_frames], item.Length);
            _position += SinkSchedule.PrefixLength;
            _frames++;
        }

        Assert.Equal(_position, item.StreamOffset);
        Assert.Same(bench.Connection, item.Connection);
        if (!ActorIsGone)
        {
            ReadOnlySpan<byte> bytes = item is ZcrxStream.Frame frame ? frame.Sequence.ToArray() : ((ZcrxStream.Data)item).Lease.Span;
            Assert.True(bytes.SequenceEqual(_stream.AsSpan((int)_position, (int)item.Length)), $"other bytes at {_position}");
        }

        _position += item.Length;
        _unacknowledged.Add(item);
        Assert.InRange(_unacknowledged.Count, 1, schedule.MaxUnacknowledged);
        long bytesUnacknowledged = _unacknowledged.Sum(static unacknowledged => unacknowledged.Length);
        Assert.True(bytesUnacknowledged <= schedule.MaxUnacknowledgedBytes || _unacknowledged.Count == 1, $"{bytesUnacknowledged} bytes in {_unacknowledged.Count} items");
    }

    private void End()
    {
        switch (schedule.End)
        {
            case SinkSchedule.Ending.Reset:
                bench.Peer.LingerState = new LingerOption(true, 0);
                bench.Peer.Close();
                break;
            case SinkSchedule.Ending.ActorStops:
                bench.System.Stop(bench.Actor);
                break;
            case SinkSchedule.Ending.SystemEnds:
                _ending = bench.System.Terminate();
                break;
            case SinkSchedule.Ending.Disposed:
                sink.Dispose();
                // The peer keeps sending, so another observer takes the bytes.
                bench.Connection.Buffers.Subscribe(static _ => { }, static _ => { });
                break;
            case SinkSchedule.Ending.ConnectionDisposed:
                bench.Connection.Dispose();
                break;
            case SinkSchedule.Ending.QueueCloses:
                _ending = bench.Queue.DisposeAsync().AsTask();
                break;
            default:
                throw new InvalidOperationException($"{schedule.End} is not ours to do");
        }
    }
}
