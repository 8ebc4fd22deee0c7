using System.Net;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Chaos.Soak;

/// <summary>
/// Represents the consumer of one stream. It checks every byte and its position, and leases buffers for a while if the run demands it.
/// </summary>
internal sealed class ChaosConsumer : IObserver<ReceivedBuffer>, IDisposable
{
    private const int MostKept = 8;

    private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly List<(BufferLease Lease, long Offset)> _kept = [];
    private readonly ChaosTally _tally;
    private readonly IDisposable _subscription;
    private readonly string _queue;
    private readonly ManualResetEventSlim _mayReturn = new();
    private volatile bool _isFrozen;
    private volatile bool _throws;
    private volatile bool _blocks;
    private volatile bool _hasBlocked;
    private volatile bool _hasChangedQueue;

    public ChaosConsumer(ZcrxConnection connection, ChaosTally tally)
    {
        _tally = tally;
        Connection = connection;
        Stream = ((IPEndPoint)connection.RemoteEndPoint!).Port;
        _queue = connection.QueueName;
        _subscription = connection.Buffers.Subscribe(this);
    }

    public ZcrxConnection Connection { get; }

    /// <summary>Gets the port of the sender, by which the stream is identified.</summary>
    public int Stream { get; }

    public long Received { get; private set; }

    public string? Violation { get; private set; }

    /// <summary>
    /// Gets or sets a value indicating whether the connection has left the queue that accepted it, by a failure or a move.
    /// </summary>
    public bool HasChangedQueue { get => _hasChangedQueue; set => _hasChangedQueue = value; }

    /// <summary>Gets a task that completes at the end of the stream. Its result is the error, or null for an orderly end.</summary>
    public Task<Exception?> Ended => _ended.Task;

    public void OnNext(ReceivedBuffer value)
    {
        if (value.StreamOffset != Received)
        {
            Violation ??= $"a buffer came at {value.StreamOffset}, expected {Received}";
        }
        else if (!ChaosBytes.Matches(Stream, Received, value.Span))
        {
            Violation ??= $"bytes differ between {Received} and {Received + value.Length}";
        }

        HasChangedQueue |= Connection.QueueName != _queue;
        if (_isFrozen)
        {
            Keep(value);
        }

        Received = value.StreamOffset + value.Length;
        if (_throws)
        {
            ChaosConsumerException failure = new();
            _ended.TrySetResult(failure);
            throw failure;
        }

        if (_blocks)
        {
            _hasBlocked = true;
            _mayReturn.Wait();
        }
    }

    public void OnCompleted() => _ended.TrySetResult(null);

    public void OnError(Exception error) => _ended.TrySetResult(error);

    /// <summary>
    /// Gets a value indicating whether the consumer has blocked its ring thread. Its OnNext has not returned, so the library cannot report
    /// the end of the stream to it.
    /// </summary>
    public bool HasBlocked => _hasBlocked;

    /// <summary>Makes the consumer throw in OnNext at its next buffer.</summary>
    public bool ThrowNext() => _throws = true;

    /// <summary>Makes the consumer block in OnNext at its next buffer.</summary>
    public bool BlockNext() => _blocks = true;

    /// <summary>Lets the consumer return from OnNext if it blocks there.</summary>
    public void Unblock()
    {
        _blocks = false;
        _mayReturn.Set();
    }

    /// <summary>Makes the consumer lease every buffer from now on, as a stuck consumer does.</summary>
    public void Freeze() => _isFrozen = true;

    /// <summary>Checks the bytes of all leases and releases the leases. The queue may have failed in the meantime.</summary>
    public void Thaw()
    {
        (BufferLease, long)[] kept;
        lock (_gate)
        {
            _isFrozen = false;
            kept = [.. _kept];
            _kept.Clear();
        }

        foreach ((BufferLease lease, long offset) in kept)
        {
            if (!ChaosBytes.Matches(Stream, offset, lease.Span))
            {
                _tally.Violate($"stream {Stream}: a lease on {offset} has other bytes than it had");
            }

            lease.Dispose();
            _tally.CheckLease();
        }
    }

    /// <summary>Ends the subscription and releases all leases. The library calls this method when the connection is closed.</summary>
    public void Dispose()
    {
        _subscription.Dispose();
        Thaw();
    }

    private void Keep(in ReceivedBuffer buffer)
    {
        lock (_gate)
        {
            if (_isFrozen && _kept.Count < MostKept)
            {
                _kept.Add((buffer.Retain(), buffer.StreamOffset));
            }
        }
    }
}
