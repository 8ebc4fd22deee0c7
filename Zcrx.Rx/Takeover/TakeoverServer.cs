using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Takeover;

/// <summary>Offers the listeners and queues of this process to its successors, and releases them when a successor commits.</summary>
/// <param name="socket">The socket that successors connect to.</param>
/// <param name="steps">Runs the steps of the protocol, each with a timeout.</param>
/// <param name="takenOver">Completes with the process id of the successor that has taken over.</param>
/// <param name="time">The clock for the delays between failed attempts to accept.</param>
internal sealed class TakeoverServer(TakeoverSocket socket, TakeoverSteps steps, TaskCompletionSource<int> takenOver, TimeProvider time)
{
    private static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Serves one successor after another, until one has taken over or the token is cancelled. A failed takeover is reported and the next
    /// successor is awaited.
    /// </summary>
    public async Task ServeAsync(ITakeoverSource source, CancellationToken cancellationToken)
    {
        TimeSpan delay = TimeSpan.Zero;
        while (!takenOver.Task.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            bool isAccepted = false;
            try
            {
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
                using TakeoverLink successor = new(await socket.Socket.AcceptAsync(cancellationToken).ConfigureAwait(false));
                isAccepted = true;
                await steps.RunAsync($"offering to process {successor.Peer.ProcessId}", token => ServeAsync(successor, source, token), cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
#pragma warning disable CA1031 // Neither a connecting process nor a failure before the commit may stop this process from serving.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                // If the process has no free descriptor, accepting fails at once while a successor waits. The delay prevents a busy loop.
                delay = isAccepted ? TimeSpan.Zero : NextDelay(delay);
                source.OnAttemptFailed(exception);
            }
        }
    }

    private static TimeSpan NextDelay(TimeSpan delay) => delay == TimeSpan.Zero ? ShortestDelay : TimeSpan.FromTicks(long.Min(2 * delay.Ticks, LongestDelay.Ticks));

    private async Task ServeAsync(TakeoverLink successor, ITakeoverSource source, CancellationToken cancellationToken)
    {
        List<OutgoingQueue> offered = [];
        try
        {
            await ServeAsync(successor, source, offered, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            offered.ForEach(static queue => queue.Dispose());
        }
    }

    private async Task ServeAsync(TakeoverLink successor, ITakeoverSource source, List<OutgoingQueue> offered, CancellationToken cancellationToken)
    {
        try
        {
            if (!successor.Peer.IsSameUser)
            {
                throw new InvalidDataException($"it belongs to another user ({successor.Peer.UserId})");
            }

            bool wantsQueues;
            using (TakeoverMessage hello = await ReceiveAsync(successor, TakeoverMessageType.Hello, cancellationToken).ConfigureAwait(false))
            {
                wantsQueues = TakeoverHello.Decode(hello.Payload).WantsQueues;
            }

            IReadOnlyList<KeyValuePair<string, Socket>> listeners = source.GetListeners();
            if (wantsQueues)
            {
                await PrepareQueuesAsync(source, DescriptorPassing.MaxDescriptors - 1 - listeners.Count, offered).ConfigureAwait(false);
            }

            Offer(successor, listeners, offered);
            using TakeoverMessage commit = await ReceiveAsync(successor, TakeoverMessageType.Commit, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException exception)
        {
            successor.Refuse(exception.Message);
            throw;
        }
        catch (OperationCanceledException)
        {
            successor.Refuse("the takeover took too long, or the process is ending");
            throw;
        }

        socket.Disown();
        offered.ForEach(static queue => queue.Commit());
        try
        {
            await source.ReleaseAsync(successor.Peer.ProcessId).ConfigureAwait(false);
        }
        finally
        {
            // The successor has committed, so the takeover is complete even if releasing has failed.
            takenOver.TrySetResult(successor.Peer.ProcessId);
        }

        successor.Send(TakeoverMessageType.Released, []);
    }

    /// <summary>
    /// Prepares queues for the offer until <paramref name="descriptors"/> descriptors are used. Reports each queue that cannot be taken
    /// over, with the reason.
    /// </summary>
    private static async Task PrepareQueuesAsync(ITakeoverSource source, int descriptors, List<OutgoingQueue> offered)
    {
        foreach (ZcrxQueue queue in source.GetQueues())
        {
            (OutgoingQueue? outgoing, string whyNot) = await PrepareAsync(source, queue, descriptors).ConfigureAwait(false);
            if (outgoing is null)
            {
                source.OnQueueStays(queue.Name, whyNot);
                continue;
            }

            offered.Add(outgoing);
            descriptors -= outgoing.Manifest.Descriptors;
        }
    }

    private static async Task<(OutgoingQueue? Outgoing, string WhyNot)> PrepareAsync(ITakeoverSource source, ZcrxQueue queue, int descriptors)
    {
        if (OutgoingQueue.WhyNot(queue) is { } reason)
        {
            return (null, reason);
        }

        try
        {
            OutgoingQueue outgoing = await OutgoingQueue.PrepareAsync(queue).ConfigureAwait(false);
            if (outgoing.Manifest.Descriptors <= descriptors)
            {
                outgoing.Returned = () => source.OnQueueCameBack(queue.Name);
                return (outgoing, "");
            }

            outgoing.Dispose();
            return (null, "a message cannot carry its descriptors");
        }
        catch (Exception exception) when (exception is ZcrxException or ObjectDisposedException or IOException)
        {
            return (null, exception.Message);
        }
    }

    private void Offer(TakeoverLink successor, IReadOnlyList<KeyValuePair<string, Socket>> listeners, IReadOnlyList<OutgoingQueue> queues)
    {
        // The sockets are referenced while their descriptors are sent. Otherwise a socket could be closed and its number reused for another
        // file.
        List<SafeSocketHandle> referenced = [];
        try
        {
            List<int> descriptors = [Reference(socket.Socket, referenced), .. listeners.Select(listener => Reference(listener.Value, referenced)), .. queues.SelectMany(static queue => queue.Descriptors)];
            TakeoverOffer offer = new([.. listeners.Select(static listener => listener.Key)], [.. queues.Select(static queue => queue.Manifest)]);
            successor.Send(TakeoverMessageType.Offer, offer.Encode(), [.. descriptors]);
        }
        finally
        {
            referenced.ForEach(static handle => handle.DangerousRelease());
        }
    }

    private static int Reference(Socket socket, List<SafeSocketHandle> referenced)
    {
        bool added = false;
        socket.SafeHandle.DangerousAddRef(ref added);
        referenced.Add(socket.SafeHandle);
        return (int)socket.SafeHandle.DangerousGetHandle();
    }

    private static async Task<TakeoverMessage> ReceiveAsync(TakeoverLink link, TakeoverMessageType type, CancellationToken cancellationToken) =>
        await link.ReceiveAsync(type, cancellationToken).ConfigureAwait(false) ?? throw new IOException("the successor ended before it was ready");
}
