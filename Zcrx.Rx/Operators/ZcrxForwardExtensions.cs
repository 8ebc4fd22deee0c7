using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Forwards a stream to another connection or socket without copying it.</summary>
/// <remarks>
/// All available buffers are sent with one system call. At most 256 buffers wait for the target. Then the source is paused, so that its
/// peer slows down. The end of the stream is forwarded as the end of sending, and the target stays open for the other direction.
/// </remarks>
public static class ZcrxForwardExtensions
{
    // Twice the buffers of a short turn (TurnLength), so that a target that keeps up does not pause the source.
    private const int MaxQueued = 256;

    /// <summary>Forwards a stream to another connection.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="target">The connection that receives the bytes.</param>
    /// <param name="cancellationToken">Cancels the forwarding. Bytes that were already sent are not affected.</param>
    /// <returns>
    /// A task that completes when the stream has ended and everything is sent. It faults with the error of the stream or the send.
    /// </returns>
    /// <remarks>Forwarding counts as work of the target: the target stays open even after its own stream has ended.</remarks>
    public static Task ForwardToAsync(this IObservable<ReceivedBuffer> source, ZcrxConnection target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        return ForwardAsWorkAsync(source, target, cancellationToken);
    }

    /// <summary>Forwards in both directions between two connections, until both directions have ended.</summary>
    /// <param name="connection">The first connection.</param>
    /// <param name="other">The other connection.</param>
    /// <param name="cancellationToken">Cancels the forwarding, and resets both connections.</param>
    /// <returns>
    /// A task that completes when both streams have ended and everything is sent. It faults with the first error of a stream or a send.
    /// </returns>
    /// <remarks>
    /// The end of one stream only ends sending on the other connection. A direction that fails resets both connections, so that neither
    /// peer takes a broken stream for a complete one.
    /// </remarks>
    public static Task RelayAsync(this ZcrxConnection connection, ZcrxConnection other, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(other);
        return RelayBothAsync(connection, other, cancellationToken);
    }

    private static async Task RelayBothAsync(ZcrxConnection connection, ZcrxConnection other, CancellationToken cancellationToken)
    {
        // If the first direction ends before the second has begun, the first connection must stay open for the answers.
        using IDisposable work = connection.BeginWork();
        Task there = ForwardOrAbortAsync(connection, other, cancellationToken);
        Task back = ForwardOrAbortAsync(other, connection, cancellationToken);
        Task first = await Task.WhenAny(there, back).ConfigureAwait(false);
        await Task.WhenAll(there, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The first failure resets both connections, so the other direction fails as well. The first failure is the cause and is thrown.
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

    /// <summary>Forwards a stream to a socket.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="target">A connected socket, which the caller keeps. No other code may send on it until the task ends.</param>
    /// <param name="cancellationToken">Cancels the forwarding. Bytes that were already sent are not affected.</param>
    /// <returns>
    /// A task that completes when the stream has ended and everything is sent. It faults with the error of the stream or the send.
    /// </returns>
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
            // Makes the caller continue on the thread pool, because its code may block.
            await Threads.SwitchToPool();
        }
    }

    private static async Task ForwardOnRingThreadAsync(IObservable<ReceivedBuffer> source, ForwardTarget target, CancellationToken cancellationToken)
    {
        // Runs on the ring thread, because nothing here blocks. This saves a thread switch, and buffers return
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
