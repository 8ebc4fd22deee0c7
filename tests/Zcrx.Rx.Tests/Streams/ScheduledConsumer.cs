using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Reactive.Disposables;
using Zcrx.Interop;
using Zcrx.Rx.Pressure;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Represents a consumer of a generated schedule and the peer that sends to it.</summary>
internal sealed class ScheduledConsumer(Schedule.Connection plan, TestQueue queue, Peer peer, ZcrxConnection connection, int poolSize, int seed) : IDisposable
{
    private readonly ConcurrentQueue<BufferLease> _leases = new();
    private readonly Random _random = new(seed);
    private readonly List<Recorder> _recorders = [];
    private SingleAssignmentDisposable _subscription = new();
    private volatile Recorder? _ended;
    private volatile bool _letGo;
    private int _paused;
    private int _left;
    private int _mostOut;

    public bool IsStuck => plan.Kind == ConsumerKind.Stuck;

    public bool HasEnded => _ended is not null && _leases.IsEmpty;

    public string State => $"{plan}: sent {peer.Sent}, received {connection.BytesReceived}, held {connection.BuffersLeased}, paused {connection.IsPausedByPressure}, ended {_ended is not null}";

    public Task SendAsync() => Task.Run(async () =>
    {
        try
        {
            await peer.SendAllAsync(plan.Bytes, plan.Piece);
        }
        catch (System.Net.Sockets.SocketException) when (plan.Kind is ConsumerKind.Throwing or ConsumerKind.Closing)
        {
            // The consumer has thrown or closed the connection, as its schedule demands.
        }
    });

    public void Subscribe()
    {
        if (plan.Kind == ConsumerKind.Framing)
        {
            SubscribeFrames();
        }
        else if (plan.Kind != ConsumerKind.Late)
        {
            SubscribeNext();
        }
    }

    /// <summary>
    /// Does what the consumer does outside OnNext, such as releasing leases. The run calls this method repeatedly, never on the ring
    /// thread.
    /// </summary>
    public void Act()
    {
        if (plan.Kind == ConsumerKind.Late && _recorders.Count == 0 && (peer.Sent == plan.Bytes || peer.Sent > 20_000))
        {
            SubscribeNext();
        }

        if (Interlocked.Exchange(ref _paused, 0) != 0)
        {
            connection.Resume();
        }

        if (Interlocked.Exchange(ref _left, 0) != 0)
        {
            SubscribeNext();
        }

        int keep = plan.Kind switch
        {
            ConsumerKind.Stuck when !_letGo => int.MaxValue,
            ConsumerKind.Slow when _ended is null => _random.Next(plan.After),
            _ => 0,
        };
        // A slow consumer sometimes releases all its leases. If it always kept some, it would be stuck.
        while ((_leases.Count > keep || (keep != int.MaxValue && _random.Next(4) == 0)) && _leases.TryDequeue(out BufferLease? lease))
        {
            if (!lease.Span.SequenceEqual(Payload.At(peer.Stream, lease.StreamOffset, lease.Length)))
            {
                throw new InvalidOperationException($"a kept buffer was overwritten at {lease.StreamOffset}");
            }

            lease.Dispose();
        }
    }

    public void LetGo() => _letGo = true;

    public async Task CheckAsync()
    {
        // The leases must leave the reserve of the pool untouched.
        Assert.InRange(Volatile.Read(ref _mostOut), 0, poolSize - PressureMachine.Reserve(poolSize));
        Recorder last = _ended!;
        last.AssertIntact();
        bool breaks = plan.Kind is ConsumerKind.Throwing or ConsumerKind.Closing && last.Error is not null;
        if (breaks)
        {
            Assert.True(plan.Kind == ConsumerKind.Closing ? last.Error is ZcrxStreamException : last.Error is InvalidOperationException, last.Error!.ToString());
        }
        else if (plan.Kind != ConsumerKind.Framing)
        {
            await last.AssertCompletedAsync(last.End);
            Assert.Equal(plan.Bytes, Chain());
        }
        else
        {
            Assert.Null(last.Error);
        }

        await connection.Closed.Within("the connection is closed");
    }

    public void Dispose()
    {
        _subscription.Dispose();
        peer.Dispose();
        LetGo();
        Act();
    }

    /// <summary>Asserts that each observer continued at the byte at which the previous one stopped. Returns the final position.</summary>
    private long Chain()
    {
        long position = 0;
        foreach (Recorder recorder in _recorders.Where(static recorder => recorder.Bytes > 0))
        {
            recorder.AssertIntact();
            Assert.Equal(position, recorder.Start);
            position = recorder.End;
        }

        return position;
    }

    private void SubscribeNext()
    {
        Recorder recorder = null!;
        SingleAssignmentDisposable subscription = new();
        recorder = new Recorder(peer.Stream) { Then = buffer => OnBuffer(recorder, subscription, buffer), AtEnd = () => _ended = recorder };
        _recorders.Add(recorder);
        _subscription = subscription;
        subscription.Disposable = connection.Buffers.Subscribe(recorder);
    }

    private void OnBuffer(Recorder recorder, SingleAssignmentDisposable subscription, ReceivedBuffer buffer)
    {
        _mostOut = int.Max(_mostOut, queue.BuffersOut);
        switch (plan.Kind)
        {
            case ConsumerKind.Slow or ConsumerKind.Stuck:
                _leases.Enqueue(buffer.Retain());
                break;
            case ConsumerKind.Alternating when recorder.Buffers == plan.After:
                subscription.Dispose();
                Volatile.Write(ref _left, 1);
                break;
            case ConsumerKind.Pausing when recorder.Buffers % plan.After == 0:
                connection.Pause();
                Volatile.Write(ref _paused, 1);
                break;
            case ConsumerKind.Throwing when recorder.Buffers == plan.After:
                throw new InvalidOperationException("a consumer's mistake");
            case ConsumerKind.Closing when recorder.Buffers == plan.After:
                connection.Dispose();
                break;
            default:
                break;
        }
    }

    /// <summary>Cuts the payload into frames whose length is the value of the byte before them. The last frame is incomplete.</summary>
    private void SubscribeFrames()
    {
        Recorder recorder = new(peer.Stream);
        long position = 0;
        _subscription.Disposable = connection.Buffers.Frames(new ChoppingParser(), 40_000).Subscribe(
            frame =>
            {
                byte[] bytes = frame.ToArray();
                if (!bytes.AsSpan().SequenceEqual(Payload.At(peer.Stream, position, bytes.Length)))
                {
                    throw new InvalidOperationException($"frame at {position} differs");
                }

                position += bytes.Length;
            },
            error =>
            {
                if (error is ZcrxFramingException && plan.Bytes > position)
                {
                    recorder.OnCompleted();
                }
                else
                {
                    recorder.OnError(error);
                }

                _ended = recorder;
            },
            () =>
            {
                recorder.OnCompleted();
                _ended = recorder;
            });
    }

    private sealed class ChoppingParser : IFrameParser
    {
        public int MaxOverhead => 0;

        public FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen)
        {
            if (buffered.Length < 2)
            {
                return FrameDecision.NeedMore(2);
            }

            Span<byte> head = stackalloc byte[2];
            buffered.Slice(0, 2).CopyTo(head);
            return FrameDecision.Frame(0, (BinaryPrimitives.ReadUInt16LittleEndian(head) % 39_000) + 2);
        }
    }
}
