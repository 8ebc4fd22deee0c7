using Zcrx.Interop;

namespace Zcrx.Rx.Tests.Support;

/// <summary>
/// Represents a connection whose buffers come from an <see cref="InMemoryArea"/>. Every observer receives each piece of the stream.
/// </summary>
internal sealed class BufferSource(InMemoryArea area) : IObservable<ReceivedBuffer>
{
    private readonly Lock _gate = new();
    private IObserver<ReceivedBuffer>[] _observers = [];

    /// <summary>Gets or sets the stream offset of the next byte. A test changes it to simulate an observer that subscribes late.</summary>
    public long Position { get; set; }

    public int Subscribers => Volatile.Read(ref _observers).Length;

    /// <summary>Gets or sets the area whose buffers receive the stream. A test changes it to simulate a move to another queue.</summary>
    public InMemoryArea Area { get; set; } = area;

    /// <summary>Gets the exceptions that observers have thrown.</summary>
    public List<Exception> Thrown { get; } = [];

    public IDisposable Subscribe(IObserver<ReceivedBuffer> observer)
    {
        lock (_gate)
        {
            _observers = [.. _observers, observer];
        }

        return new Subscription(this, observer);
    }

    /// <summary>
    /// Delivers bytes in as many buffers as they need. As in a queue, an observer that throws gets an error, and the others continue.
    /// </summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> piece = bytes[..Math.Min(bytes.Length, Area.BufferSize)];
            ReceivedBuffer buffer = Area.Begin(piece, Position, out ulong offset);
            foreach (IObserver<ReceivedBuffer> observer in Volatile.Read(ref _observers))
            {
                Lend(observer, buffer);
            }

            Area.End(offset);
            Position += piece.Length;
            bytes = bytes[piece.Length..];
        }
    }

    public void Complete()
    {
        foreach (IObserver<ReceivedBuffer> observer in Volatile.Read(ref _observers))
        {
            observer.OnCompleted();
        }
    }

    public void Fail(Exception error)
    {
        foreach (IObserver<ReceivedBuffer> observer in Volatile.Read(ref _observers))
        {
            observer.OnError(error);
        }
    }

    private void Lend(IObserver<ReceivedBuffer> observer, ReceivedBuffer buffer)
    {
        try
        {
            observer.OnNext(buffer);
        }
#pragma warning disable CA1031 // An exception of an observer ends only its own subscription.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Thrown.Add(exception);
            observer.OnError(exception);
        }
    }

    private sealed class Subscription(BufferSource source, IObserver<ReceivedBuffer> observer) : IDisposable
    {
        public void Dispose()
        {
            lock (source._gate)
            {
                source._observers = [.. source._observers.Where(other => other != observer)];
            }
        }
    }
}
