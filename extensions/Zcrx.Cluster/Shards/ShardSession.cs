using System.Buffers;
using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Zcrx.Actors;
using Zcrx.Interop;

namespace Zcrx.Cluster.Shards;

/// <summary>
/// Sends the frames of one connection to the shards of a region. When the entity of a shard has acknowledged a frame, the session
/// acknowledges it to the connection.
/// </summary>
/// <remarks>
/// The bytes are copied into chunks at once, so that the buffers return to the pool. Until a frame is acknowledged, it counts in the window
/// of <c>ToActor</c>. A full window pauses the connection.
/// </remarks>
internal sealed class ShardSession : ReceiveActor, IWithTimers
{
    private readonly IActorRef _region;
    private readonly Func<ReadOnlySequence<byte>, int> _partition;
    private readonly ShardOutcome _outcome;
    private readonly long _longestFrame;
    private readonly TimeSpan _lookInterval;
    private readonly ShardWindow<ZcrxStream.Frame> _window;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _hasEnded;
    private bool _isFlushing;
    private bool _isLooking;

    /// <param name="region">The shard region.</param>
    /// <param name="partition">Returns the partition of a frame. Calls code of the application.</param>
    /// <param name="options">The options of the stream.</param>
    /// <param name="budget">The budget of the shard region.</param>
    /// <param name="longestFrame">The largest number of bytes that frames can have in one message between nodes.</param>
    /// <param name="outcome">Receives the results for other threads.</param>
    public ShardSession(
        IActorRef region, Func<ReadOnlySequence<byte>, int> partition, ZcrxShardOptions options, ShardBudget budget, long longestFrame, ShardOutcome outcome)
    {
        (_region, _partition, _outcome, _longestFrame) = (region, partition, outcome, longestFrame);
        _lookInterval = options.ResendTimeout / 4;
        IActorRef self = Self;
        ShardFlow flow = new(options.MaxChunks, (int)Math.Min(options.MaxChunkBytes.Bytes, longestFrame), options.ResendTimeout);
        _window = new ShardWindow<ZcrxStream.Frame>(Guid.NewGuid(), flow, shard => budget.Claim(shard, () => self.Tell(new Granted(shard), ActorRefs.NoSender)));
        Receive<ZcrxStream.Frame>(OnFrame);
        Receive<FrameAcknowledgement>(OnAcknowledged);
        Receive<Flush>(_ => OnFlush());
        Receive<Granted>(granted => Do(now => _window.OnGranted(granted.Partition, now)));
        Receive<Look>(_ => OnLook());
        Receive<ZcrxStream.Init>(static init => init.Acknowledge());
        Receive<ZcrxStream.Completed>(_ => OnEnd());
        // Frames that arrived before the failure are still delivered to the shards.
        Receive<ZcrxStream.Failed>(_ => OnEnd());
        Receive<Finish>(_ => OnEnd());
        Receive<Terminated>(_ => Fail(new ZcrxException($"Sending frames to {_region}", 0, "the shard region has ended", "Close the listener before the region ends")));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    protected override void PreStart() => Context.Watch(_region);

    protected override void PostStop() => _window.ReturnBudgets();

    /// <summary>Fails the stream, which resets the connection. A restarted actor has lost the unacknowledged frames.</summary>
    protected override void PostRestart(Exception reason)
    {
        _outcome.Failure ??= reason;
        Context.Stop(Self);
    }

    private void OnFrame(ZcrxStream.Frame frame)
    {
        if (frame.Length > _longestFrame)
        {
            Fail(new ZcrxException(
                $"Sending a frame to {_region}",
                0,
                $"it has {frame.Length} bytes, and a message between nodes has room for {_longestFrame}",
                "Set akka.remote.dot-netty.tcp.maximum-frame-size to more, and the buffer sizes beside it"));
            return;
        }

        int partition;
        try
        {
            partition = _partition(frame.Sequence);
        }
#pragma warning disable CA1031 // Code of the application may throw any exception. Only this stream ends.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
            return;
        }

        _window.Add(partition, frame.Sequence, frame);
        // The bytes were copied, so release the buffer. The frame still counts as unacknowledged.
        frame.Lease.Dispose();
        if (!_isFlushing)
        {
            // The actor handles Flush after the frames that are in its mailbox now. These frames are thus sent together.
            _isFlushing = true;
            Self.Tell(Flush.Instance);
        }
    }

    private void OnFlush()
    {
        _isFlushing = false;
        Do(_window.Flush);
    }

    private void OnLook()
    {
        Do(_window.OnTime);
        if (_window.IsEmpty)
        {
            // Stop the timer, so that an idle connection costs nothing.
            _isLooking = false;
            Timers.Cancel(nameof(Look));
        }
    }

    private void OnAcknowledged(FrameAcknowledgement acknowledgement)
    {
        Do(now => _window.OnAcknowledged(acknowledgement, now));
        FinishIfDone();
    }

    private void OnEnd()
    {
        _hasEnded = true;
        FinishIfDone();
    }

    /// <summary>Runs an action on the window. Then sends the chunks and acknowledges the frames that the window has returned.</summary>
    private void Do(Action<TimeSpan> act)
    {
        act(Now);
        foreach (FrameChunk chunk in _window.Outgoing)
        {
            _region.Tell(chunk, Self);
        }

        // Count before acknowledging. The last acknowledgement completes the sink, and its owner may then read the count.
        _outcome.Acknowledged += _window.Acknowledged.Count;
        foreach (ZcrxStream.Frame frame in _window.Acknowledged)
        {
            frame.Acknowledge();
        }

        if (_window.Outgoing.Count > 0 && !_isLooking)
        {
            _isLooking = true;
            Timers.StartPeriodicTimer(nameof(Look), Look.Instance, _lookInterval);
        }

        _outcome.Chunks += _window.Outgoing.Count;
        _outcome.Resends = _window.Resends;
        _window.Outgoing.Clear();
        _window.Acknowledged.Clear();
    }

    private void FinishIfDone()
    {
        if (!_hasEnded || !_window.IsEmpty)
        {
            return;
        }

        foreach (int partition in _window.Partitions)
        {
            _region.Tell(new FrameSourceEnded(_window.Source, partition), Self);
        }

        Context.Stop(Self);
    }

    private void Fail(Exception exception)
    {
        _outcome.Failure ??= exception;
        _log.Warning("Stream to {0} ends, and its connection is reset: {1}", _region, exception.Message);
        Context.Stop(Self);
    }

    private sealed class Flush : INoSerializationVerificationNeeded
    {
        public static Flush Instance { get; } = new();
    }

    private sealed class Look : INoSerializationVerificationNeeded
    {
        public static Look Instance { get; } = new();
    }

    private sealed record Granted(int Partition) : INoSerializationVerificationNeeded;

    /// <summary>Informs the session that the application has disposed the stream. Frames that were received are still sent.</summary>
    internal sealed class Finish : INoSerializationVerificationNeeded
    {
        public static Finish Instance { get; } = new();
    }
}
