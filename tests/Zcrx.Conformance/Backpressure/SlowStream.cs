using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Conformance.Backpressure;

/// <summary>
/// Represents one connection: its sender sends whatever fits, and its consumer leases every buffer until the test releases them.
/// </summary>
internal sealed class SlowStream : IObserver<ReceivedBuffer>, IDisposable
{
    private const int Piece = 16 * 1024;
    // Small, so that the sender is soon blocked by a receiver that does not read.
    private const int SocketBuffer = 32 * 1024;

    private readonly Socket _sender;
    private readonly int _volume;
    private readonly ConcurrentQueue<BufferLease> _kept = new();
    private long _received;
    private volatile Exception? _error;
    private volatile bool _completed;
    private int _sent;

    private SlowStream(Socket sender, int volume) => (_sender, _volume) = (sender, volume);

    public bool HasSentAll => _sent == _volume;

    /// <summary>Gets a value that indicates whether the stream has ended and the test has released all its leases.</summary>
    public bool IsOver => _completed && _kept.IsEmpty;

    /// <summary>Gets the number of bytes sent and received. While it grows, the stream progresses.</summary>
    public long Moved => _sent + Volatile.Read(ref _received);

    /// <summary>Gets the number of sends in which the kernel accepted no byte.</summary>
    public int Refusals { get; private set; }

    /// <summary>Gets the largest number of unsent bytes in the sender's socket after a send in which the kernel accepted no byte.</summary>
    public int MostUnsent { get; private set; }

    public string State => $"sent {_sent}, received {Volatile.Read(ref _received)}, {_kept.Count} kept, completed {_completed}, {_error?.Message}";

    public static SlowStream Connect(ZcrxQueue queue, int volume)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = SocketBuffer };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        Socket sender = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = SocketBuffer };
        sender.Connect(listener.LocalEndPoint!);
        sender.Blocking = false;
        SlowStream stream = new(sender, volume);
        Task<ZcrxConnection> attached = queue.AttachAsync(listener.Accept());
        Deadline.Until(() => attached.IsCompleted, "the queue has the connection");
        attached.GetAwaiter().GetResult().Buffers.Subscribe(stream);
        return stream;
    }

    /// <summary>Sends as many bytes as fit, and ends the stream after the last byte.</summary>
    /// <returns>True when the kernel accepted at least one byte.</returns>
    public bool Send()
    {
        Span<byte> piece = stackalloc byte[Piece];
        int before = _sent;
        while (_sent < _volume)
        {
            Span<byte> next = piece[..int.Min(Piece, _volume - _sent)];
            Pattern.Fill(next, _sent);
            int count = _sender.Send(next, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                Refusals++;
                MostUnsent = int.Max(MostUnsent, Posix.BytesUnsent((int)_sender.Handle));
                break;
            }

            Assert.Equal(SocketError.Success, error);
            _sent += count;
            if (_sent == _volume)
            {
                _sender.Shutdown(SocketShutdown.Send);
            }
        }

        return _sent > before;
    }

    /// <summary>Checks and releases the leases.</summary>
    public void LetGo()
    {
        while (_kept.TryDequeue(out BufferLease? lease))
        {
            using (lease)
            {
                Pattern.AssertAt(lease.Span, lease.StreamOffset);
            }
        }
    }

    public void OnNext(ReceivedBuffer value)
    {
        // A failed assertion ends the subscription with OnError. AssertSound then fails.
        Assert.Equal(_received, value.StreamOffset);
        _kept.Enqueue(value.Retain());
        Volatile.Write(ref _received, _received + value.Length);
    }

    public void OnCompleted() => _completed = Volatile.Read(ref _received) == _volume;

    public void OnError(Exception error) => _error = error;

    public void AssertSound() => Assert.Null(_error);

    public void Dispose()
    {
        _sender.Dispose();
        while (_kept.TryDequeue(out BufferLease? lease))
        {
            lease.Dispose();
        }
    }
}
