using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Takeover;

namespace Zcrx.Rx;

/// <summary>Takes listening sockets and queues over from the process that has them, and hands them over to the next: so a service is replaced without refusing a connection.</summary>
/// <remarks>
/// <para>The order: <see cref="OpenAsync"/>, then <see cref="TakeListener"/>, <see cref="TakeQueue"/> and open everything that may fail, then <see cref="CommitAsync"/>, then accept and <see cref="Serve"/>.
/// Until the commit the predecessor goes on as if nothing had happened, whatever becomes of this process.</para>
/// <para>Ownership: whoever opened it disposes it; that closes what was not taken. Threading: one call at a time, any thread. See docs/takeover.md.</para>
/// </remarks>
public sealed class ZcrxTakeover : IAsyncDisposable
{
    private readonly ZcrxTakeoverOptions _options;
    private readonly TakeoverSteps _steps;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<IncomingListener> _listeners = [];
    private readonly List<IncomingQueue> _queues = [];
    private readonly List<IncomingQueue> _taken = [];
    private readonly TaskCompletionSource<int> _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TakeoverSocket? _socket;
    private TakeoverLink? _predecessor;
    private Task _serving = Task.CompletedTask;

    private ZcrxTakeover(ZcrxTakeoverOptions options)
    {
        _options = options;
        _steps = new TakeoverSteps(options);
    }

    /// <summary>The process that is being taken over from; null when this one is the first.</summary>
    public int? PredecessorId { get; private set; }

    /// <summary>Ends with the successor's process id once it has everything. Cancelled when this process ended first.</summary>
    public Task<int> TakenOver => _handedOver.Task;

    /// <summary>The addresses of the listening sockets that came from the predecessor, those that were taken included.</summary>
    public IReadOnlyList<IPEndPoint> ListenerEndPoints { get; private set; } = [];

    /// <summary>Takes the place at a path: asks the process that has it for what it has, or is the first.</summary>
    /// <param name="options">Where.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The place, owned by the caller. The predecessor, if there is one, waits for <see cref="CommitAsync"/>.</returns>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The path cannot be used, or the process there does not hand over; says why. Nothing is left behind.</exception>
    public static async Task<ZcrxTakeover> OpenAsync(ZcrxTakeoverOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ZcrxConfigurationException.ThrowIfAny(options.Validate());

        ZcrxTakeover takeover = new(options);
        try
        {
            await takeover._steps.RunAsync("waiting for the process there", takeover.MeetAsync, cancellationToken).ConfigureAwait(false);
            return takeover;
        }
        catch
        {
            await takeover.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The predecessor's listening socket for an address, if it has one.</summary>
    /// <param name="name">What the listener is called.</param>
    /// <param name="endPoint">Where to listen. With port 0, the socket of that name on whatever port it has.</param>
    /// <returns>The socket, owned by the caller from now on; null when one has to be bound.</returns>
    public Socket? TakeListener(string name, IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        IncomingListener? found = _listeners.Find(listener =>
            listener.EndPoint.Address.Equals(endPoint.Address) && (endPoint.Port == 0 ? listener.Name == name : listener.EndPoint.Port == endPoint.Port));
        if (found is null)
        {
            return null;
        }

        _listeners.Remove(found);
        return found.Socket;
    }

    /// <summary>The predecessor's queue that these options describe, if it hands one over.</summary>
    /// <param name="options">How a queue would be opened. It is recognised by its name, and on a NIC by the RX queue; without one, by its size, too.</param>
    /// <returns>The queue, owned by the caller from now on, for <see cref="ZcrxQueue.ImportAsync(IncomingQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/>; null when one has to be opened.</returns>
    public IncomingQueue? TakeQueue(ZcrxQueueOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (_queues.Find(queue => queue.Matches(options)) is not { } found)
        {
            return null;
        }

        _queues.Remove(found);
        _taken.Add(found);
        return found;
    }

    /// <summary>Everything is open: the predecessor stops accepting, and from now on the listeners are this process's own. Does nothing when this process is the first.</summary>
    /// <param name="cancellationToken">Gives up. Whether the predecessor has let go is then not known.</param>
    /// <returns>A task that ends when nobody else accepts any more.</returns>
    /// <exception cref="ZcrxException">The predecessor had given up waiting, and goes on.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        if (_predecessor is { } predecessor)
        {
            await _steps.RunAsync("handing over", token => ConfirmAsync(predecessor, token, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        _taken.ForEach(static queue => queue.Commit());
        // Nobody wants the others any more.
        CloseUntaken();
    }

    /// <summary>Hands over to whoever comes, until somebody has taken it or this object is disposed. Call it once, after <see cref="CommitAsync"/>.</summary>
    /// <param name="source">What is handed over.</param>
    public void Serve(ITakeoverSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        TakeoverServer server = new(_socket!, _steps, _handedOver);
        _serving = Task.Run(() => server.ServeAsync(source, _stopping.Token));
    }

    /// <summary>Closes what was not taken, and gives the place up, unless a successor has it.</summary>
    /// <returns>A task that ends when everything is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        _handedOver.TrySetCanceled();
        CloseUntaken();
        _predecessor?.Dispose();
        _predecessor = null;
        _socket?.Dispose();
        _socket = null;
        _stopping.Dispose();
    }

    private void CloseUntaken()
    {
        _listeners.ForEach(static listener => listener.Socket.Dispose());
        _listeners.Clear();
        _queues.ForEach(static queue => queue.Dispose());
        _queues.Clear();
    }

    private async Task MeetAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            (_socket, Socket? peer) = await TakeoverSocket.OpenAsync(_options.Path, cancellationToken).ConfigureAwait(false);
            if (peer is null)
            {
                return;
            }

            _predecessor = new TakeoverLink(peer);
            if (!_predecessor.Peer.IsSameUser)
            {
                throw new ZcrxNotPermittedException(_steps.Operation, 0, $"the process there (process {_predecessor.Peer.ProcessId}) belongs to user {_predecessor.Peer.UserId}", "Choose a path that only the service's user can write to");
            }

            _predecessor.Send(TakeoverMessageType.Hello, new TakeoverHello(TakeoverHello.Queues).Encode());
            if (await _predecessor.ReceiveAsync(TakeoverMessageType.Offer, cancellationToken).ConfigureAwait(false) is { } offer)
            {
                using (offer)
                {
                    Accept(offer);
                }

                return;
            }

            // It has ended, or has just handed over to somebody else: there is another one now, or nobody.
            _predecessor.Dispose();
            _predecessor = null;
        }
    }

    private void Accept(TakeoverMessage message)
    {
        TakeoverOffer offer = TakeoverOffer.Decode(message.Payload);
        if (message.Descriptors != offer.Descriptors)
        {
            throw new InvalidDataException($"an offer of {offer.Listeners.Count} listeners and {offer.Queues.Count} queues came with {message.Descriptors} descriptors");
        }

        _socket = TakeoverSocket.TakeOver(_options.Path, IncomingListener.Check(message.Take(0), AddressFamily.Unix));
        for (int i = 0; i < offer.Listeners.Count; i++)
        {
            _listeners.Add(IncomingListener.Create(offer.Listeners[i], message.Take(i + 1)));
        }

        int first = 1 + offer.Listeners.Count;
        foreach (QueueManifest queue in offer.Queues)
        {
            int next = first;
            _queues.Add(IncomingQueue.Create(queue, index => message.Take(next + index), new LinuxKernel()));
            first += queue.Descriptors;
        }

        ListenerEndPoints = [.. _listeners.Select(static listener => listener.EndPoint)];
        PredecessorId = _predecessor!.Peer.ProcessId;
    }

    private async Task ConfirmAsync(TakeoverLink predecessor, CancellationToken patience, CancellationToken cancellationToken)
    {
        try
        {
            TrySend(predecessor, TakeoverMessageType.Commit);
            using TakeoverMessage? released = await predecessor.ReceiveAsync(TakeoverMessageType.Released, patience).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // It has died. Only a refusal would mean that it goes on, and that is another exception.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It has heard of it and is slow. That it still accepts does no harm; if nobody did, it would.
        }

        _socket!.Own();
        predecessor.Dispose();
        _predecessor = null;
    }

    /// <summary>A side that has closed its end may have said why before.</summary>
    private static void TrySend(TakeoverLink link, TakeoverMessageType type)
    {
        try
        {
            link.Send(type, []);
        }
        catch (IOException)
        {
            // What it said, or that it said nothing, is read next.
        }
    }
}
