using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Provides methods that forward a stream to another connection or socket without copying it in user space.</summary>
/// <remarks>
/// One system call sends all available buffers. If 256 buffers wait for the target, the source is paused, so that its peer slows down. When
/// the stream ends, sending to the target is shut down. The target stays open for the other direction.
/// </remarks>
public static class ZcrxForwardExtensions
{
    // Twice the number of buffers in a short turn (TurnLength). A target that sends as fast as the source receives therefore does not pause
    // the source.
    private const int MaxQueued = 256;

    /// <summary>Forwards a stream to another connection until the stream ends.</summary>
    /// <param name="source">The buffers to forward.</param>
    /// <param name="target">The connection that receives the bytes.</param>
    /// <param name="cancellationToken">Cancels the forwarding. Bytes that were already sent are not affected.</param>
    /// <returns>A task that completes when the stream has ended and all bytes are sent. It faults if the stream or a send fails.</returns>
    /// <remarks>Forwarding counts as work of the target. The target therefore stays open even after its own stream has ended.</remarks>
    public static Task ForwardToAsync(this IObservable<ReceivedBuffer> source, ZcrxConnection target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        return ForwardAsWorkAsync(source, target, cancellationToken);
    }

    /// <summary>Forwards in both directions between two connections, until both directions have ended.</summary>
    /// <param name="connection">One of the connections.</param>
    /// <param name="other">The other connection.</param>
    /// <param name="cancellationToken">Cancels the forwarding and resets both connections.</param>
    /// <returns>
    /// A task that completes when both streams have ended and all bytes are sent. It faults with the first error of a stream or a send.
    /// </returns>
    /// <remarks>
    /// <para>When one stream ends, only sending on the other connection is shut down. If one direction fails, both connections are reset.
    /// Otherwise a peer could take a broken stream for a complete one.</para>
    /// <para>A queue that stops waits until both directions have ended. When its drain time is over, it resets both connections.</para>
    /// </remarks>
    public static Task RelayAsync(this ZcrxConnection connection, ZcrxConnection other, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(other);
        return RelayBothAsync(connection, other, cancellationToken);
    }

    private static async Task RelayBothAsync(ZcrxConnection connection, ZcrxConnection other, CancellationToken cancellationToken)
    {
        // One direction may end before the other has begun. This work then keeps the first connection open for the answers. It also keeps
        // a queue that stops from ending the streams, because an error in one direction would lose an answer in the other.
        using IDisposable work = connection.BeginRelay();
        using IDisposable otherWork = other.BeginRelay();
        Task there = ForwardOrAbortAsync(connection, other, cancellationToken);
        Task back = ForwardOrAbortAsync(other, connection, cancellationToken);
        Task first = await Task.WhenAny(there, back).ConfigureAwait(false);
        await Task.WhenAll(there, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The first failure resets both connections, which makes the other direction fail as well. Only the first failure is the cause, so
        // it is the one that is thrown.
        await first.ConfigureAwait(false);
        await (first == there ? back : there).ConfigureAwait(false);
    }

    private static async Task ForwardOrAbortAsync(ZcrxConnection source, ZcrxConnection target, CancellationToken cancellationToken)
    {
        try
        {
            await ForwardAsWorkAsync(source.Buffers, target, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            source.Abort();
            target.Abort();
            throw;
        }
    }

    private static async Task ForwardAsWorkAsync(IObservable<ReceivedBuffer> source, ZcrxConnection target, CancellationToken cancellationToken)
    {
        using IDisposable work = target.BeginWork();
        await ForwardAsync(source, new ForwardTarget.OfConnection(target, RingSchedule.Of(source)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forwards a stream to a socket until the stream ends.</summary>
    /// <param name="source">The buffers to forward.</param>
    /// <param name="target">A connected socket, owned by the caller. No other code may send on it until the task has completed.</param>
    /// <param name="cancellationToken">Cancels the forwarding. Bytes that were already sent are not affected.</param>
    /// <returns>A task that completes when the stream has ended and all bytes are sent. It faults if the stream or a send fails.</returns>
    public static Task ForwardToAsync(this IObservable<ReceivedBuffer> source, Socket target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        return ForwardAsync(source, new ForwardTarget.OfSocket(target), cancellationToken);
    }

    private static async Task ForwardAsync(IObservable<ReceivedBuffer> source, ForwardTarget target, CancellationToken cancellationToken)
    {
        try
        {
            await ForwardOnRingThreadAsync(source, target, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The caller must continue on the thread pool and not on the ring thread, because its code may block.
            await Threads.SwitchToPool();
        }
    }

    private static async Task ForwardOnRingThreadAsync(IObservable<ReceivedBuffer> source, ForwardTarget target, CancellationToken cancellationToken)
    {
        // Runs on the ring thread, which is possible because nothing here blocks. This saves a thread switch. Buffers also return earlier,
        // before the next ones are received.
        ReadSignal signal = new(RingSchedule.Of(source));
        using LeaseChannel<ReceivedBuffer, BufferLease> channel = new(BufferLeasing.Instance, MaxQueued, long.MaxValue, signal.Set, hasOneReader: true);
        using LeaseGather gather = new(channel);
        try
        {
            channel.SubscribeTo(source);
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (gather.TryTake())
                {
                    int sent = target.TrySend(gather.Pieces);
                    if (sent < gather.Length)
                    {
                        await target.SendAsync(gather.Behind(sent), cancellationToken).ConfigureAwait(false);
                    }

                    gather.Release();
                }
                else if (channel.Completion.IsCompleted)
                {
                    await channel.Completion.ConfigureAwait(false);
                    target.End();
                    return;
                }
                else
                {
                    await signal.WaitAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            signal.Unregister();
            channel.Finish();
        }
    }
}
