using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Takeover;

namespace Zcrx.Rx;

/// <summary>
/// Replaces a service process without refusing a connection. Takes over listening sockets and queues from the predecessor process, and
/// later offers them to the successor.
/// </summary>
/// <remarks>
/// <para>Call <see cref="OpenAsync"/> first. Then call <see cref="TakeListener"/> and <see cref="TakeQueue"/>, and make every step that may
/// fail. Then call <see cref="CommitAsync"/>, begin to accept, and call <see cref="Serve"/>. Until the commit the predecessor keeps
/// serving, even if this process fails.</para>
/// <para>Ownership: the caller of <see cref="OpenAsync"/> disposes the object, which closes everything that was not taken. Threading: one
/// call at a time, on any thread. See docs/takeover.md.</para>
/// </remarks>
public sealed class ZcrxTakeover : IAsyncDisposable
{
    private readonly ZcrxTakeoverOptions _options;
    private readonly TakeoverSteps _steps;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<IncomingListener> _listeners = [];
    private readonly List<IncomingQueue> _queues = [];
    private readonly List<IncomingQueue> _taken = [];
    private readonly TaskCompletionSource<int> _takenOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TakeoverSocket? _socket;
    private TakeoverLink? _predecessor;
    private Task _serving = Task.CompletedTask;

    private ZcrxTakeover(ZcrxTakeoverOptions options)
    {
        _options = options;
        _steps = new TakeoverSteps(options);
    }

    /// <summary>Gets the process id of the predecessor; null if there is none.</summary>
    public int? PredecessorId { get; private set; }

    /// <summary>
    /// Gets a task that completes with the process id of the successor when it has taken over. It is cancelled if this object is disposed
    /// before.
    /// </summary>
    public Task<int> TakenOver => _takenOver.Task;

    /// <summary>
    /// Gets the addresses of all listening sockets that the predecessor has offered, including those that were already taken.
    /// </summary>
    public IReadOnlyList<IPEndPoint> ListenerEndPoints { get; private set; } = [];

    /// <summary>Connects to the predecessor that serves a path. If there is none, this process becomes the first one there.</summary>
    /// <param name="options">The path and the timeout.</param>
    /// <param name="cancellationToken">Cancels connecting and waiting for the offer.</param>
    /// <returns>The takeover, owned by the caller. A predecessor now waits for <see cref="CommitAsync"/>.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. No connection was made.</exception>
    /// <exception cref="ZcrxException">
    /// The path cannot be used, or the predecessor refuses. The message names the cause. No resources remain allocated.
    /// </exception>
    public static async Task<ZcrxTakeover> OpenAsync(ZcrxTakeoverOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ZcrxConfigurationException.ThrowIfAny(options.Validate());

        ZcrxTakeover takeover = new(options);
        try
        {
            await takeover._steps.RunAsync("waiting for the predecessor", takeover.MeetAsync, cancellationToken).ConfigureAwait(false);
            return takeover;
        }
        catch
        {
            await takeover.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes the predecessor's listening socket for an address.</summary>
    /// <param name="name">The name of the listener. Used only to find a socket if the port is 0.</param>
    /// <param name="endPoint">The address of the socket. With port 0, the port may differ, but the name must be equal.</param>
    /// <returns>The socket, owned by the caller; null if the predecessor has none, so that the address must be bound.</returns>
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

    /// <summary>Takes all listening sockets that were not taken yet, for listeners that are added later.</summary>
    /// <returns>The names of the listeners with their sockets, owned by the caller.</returns>
    public IReadOnlyList<KeyValuePair<string, Socket>> TakeListeners()
    {
        KeyValuePair<string, Socket>[] remaining = [.. _listeners.Select(static listener => KeyValuePair.Create(listener.Name, listener.Socket))];
        _listeners.Clear();
        return remaining;
    }

    /// <summary>Takes the predecessor's queue that matches these options.</summary>
    /// <param name="options">
    /// The options of the queue. A queue matches if it has the same name and, on a NIC, the same RX queue. Without a NIC, its size must be
    /// the same as well.
    /// </param>
    /// <returns>
    /// The queue, owned by the caller, to be imported with
    /// <see cref="ZcrxQueue.ImportAsync(IncomingQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/>; null if the
    /// predecessor offers none, so that a queue must be opened.
    /// </returns>
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

    /// <summary>
    /// Commits the takeover. The predecessor stops accepting, and this process owns the listeners. Does nothing if there is no predecessor.
    /// </summary>
    /// <param name="cancellationToken">Cancels the wait. It is then unknown whether the predecessor has stopped accepting.</param>
    /// <returns>A task that completes when the predecessor has stopped accepting, has died, or does not answer in time.</returns>
    /// <exception cref="ZcrxException">The predecessor has stopped waiting and keeps serving.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        if (_predecessor is { } predecessor)
        {
            await _steps.RunAsync("committing the takeover", token => ConfirmAsync(predecessor, token, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        _taken.ForEach(static queue => queue.Commit());
        // Listeners and queues that were not taken before the commit are not used any more.
        CloseUntaken();
    }

    /// <summary>
    /// Begins to accept takeover requests, until a successor has taken over or this object is disposed. Call it once, after
    /// <see cref="CommitAsync"/>.
    /// </summary>
    /// <param name="source">Provides the listeners and queues to offer.</param>
    public void Serve(ITakeoverSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        TakeoverServer server = new(_socket!, _steps, _takenOver, TimeProvider.System);
        _serving = Task.Run(() => server.ServeAsync(source, _stopping.Token));
    }

    /// <summary>Closes the listeners and queues that were not taken. Deletes the socket's file if no successor has the socket.</summary>
    /// <returns>A task that completes when everything is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        _takenOver.TrySetCanceled();
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

            // The predecessor has ended or another successor has just taken over. Another process may serve the path now, so this process
            // tries again.
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
            // The predecessor has died. If it were alive and kept serving, it would refuse, which throws another exception.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The predecessor has received the commit but answers slowly. It may still accept connections for a moment, which is harmless.
        }

        _socket!.Own();
        predecessor.Dispose();
        _predecessor = null;
    }

    /// <summary>Sends a message, and ignores a failure.</summary>
    private static void TrySend(TakeoverLink link, TakeoverMessageType type)
    {
        try
        {
            link.Send(type, []);
        }
        catch (IOException)
        {
            // The predecessor has closed the connection. The next receive returns its last message or reports the end.
        }
    }
}
