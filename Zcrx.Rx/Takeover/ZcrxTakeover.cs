using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Takeover;

namespace Zcrx.Rx;

/// <summary>Takes listening sockets over from the process that has them, and hands them over to the next: so a service is replaced without refusing a connection.</summary>
/// <remarks>
/// <para>The order: <see cref="OpenAsync"/>, then <see cref="TakeListener"/> and open everything that may fail, then <see cref="CommitAsync"/>, then accept and <see cref="Serve"/>.
/// Until the commit the predecessor goes on as if nothing had happened, whatever becomes of this process.</para>
/// <para>Ownership: whoever opened it disposes it; that closes what was not taken. Threading: one call at a time, any thread. See docs/hand-over.md.</para>
/// </remarks>
public sealed class ZcrxTakeover : IAsyncDisposable
{
    private readonly ZcrxTakeoverOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<InheritedListener> _listeners = [];
    private readonly TaskCompletionSource<int> _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TakeoverSocket? _socket;
    private TakeoverLink? _predecessor;
    private Task _serving = Task.CompletedTask;

    private ZcrxTakeover(ZcrxTakeoverOptions options) => _options = options;

    /// <summary>The process that is being taken over from; null when this one is the first.</summary>
    public int? PredecessorId { get; private set; }

    /// <summary>Ends with the successor's process id once it has everything. Cancelled when this process ended first.</summary>
    public Task<int> HandedOver => _handedOver.Task;

    /// <summary>The addresses of the listening sockets that came from the predecessor, those that were taken included.</summary>
    public IReadOnlyList<IPEndPoint> Inherited { get; private set; } = [];

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
            await takeover.StepAsync("waiting for the process there", takeover.MeetAsync, cancellationToken).ConfigureAwait(false);
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
        InheritedListener? found = _listeners.Find(listener =>
            listener.EndPoint.Address.Equals(endPoint.Address) && (endPoint.Port == 0 ? listener.Name == name : listener.EndPoint.Port == endPoint.Port));
        if (found is null)
        {
            return null;
        }

        _listeners.Remove(found);
        return found.Socket;
    }

    /// <summary>Everything is open: the predecessor stops accepting, and from now on the listeners are this process's own. Does nothing when this process is the first.</summary>
    /// <param name="cancellationToken">Gives up. Whether the predecessor has let go is then not known.</param>
    /// <returns>A task that ends when nobody else accepts any more.</returns>
    /// <exception cref="ZcrxException">The predecessor had given up waiting, and goes on.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        if (_predecessor is { } predecessor)
        {
            await StepAsync("handing over", token => ConfirmAsync(predecessor, token, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        foreach (InheritedListener listener in _listeners)
        {
            // Nobody wants it any more.
            listener.Socket.Dispose();
        }

        _listeners.Clear();
    }

    /// <summary>Hands over to whoever comes, until somebody has taken it or this object is disposed. Call it once, after <see cref="CommitAsync"/>.</summary>
    /// <param name="source">What is handed over.</param>
    public void Serve(ITakeoverSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        _serving = Task.Run(() => ServeAsync(source, _stopping.Token));
    }

    /// <summary>Closes what was not taken, and gives the place up, unless a successor has it.</summary>
    /// <returns>A task that ends when everything is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        _handedOver.TrySetCanceled();
        _listeners.ForEach(static listener => listener.Socket.Dispose());
        _listeners.Clear();
        _predecessor?.Dispose();
        _predecessor = null;
        _socket?.Dispose();
        _socket = null;
        _stopping.Dispose();
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
                throw new ZcrxNotPermittedException(Operation, 0, $"the process there (process {_predecessor.Peer.ProcessId}) belongs to user {_predecessor.Peer.UserId}", "Choose a path that only the service's user can write to");
            }

            _predecessor.Send(TakeoverMessageType.Hello, new TakeoverHello(0).Encode());
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
            throw new InvalidDataException($"an offer of {offer.Listeners.Count} listeners came with {message.Descriptors} descriptors");
        }

        _socket = TakeoverSocket.Inherit(_options.Path, InheritedListener.Check(message.Take(0), AddressFamily.Unix));
        for (int i = 0; i < offer.Listeners.Count; i++)
        {
            _listeners.Add(InheritedListener.Create(offer.Listeners[i], message.Take(i + 1)));
        }

        Inherited = [.. _listeners.Select(static listener => listener.EndPoint)];
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

    private async Task ServeAsync(ITakeoverSource source, CancellationToken cancellationToken)
    {
        TakeoverSocket socket = _socket!;
        while (!_handedOver.Task.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            try
            {
                using TakeoverLink successor = new(await socket.Socket.AcceptAsync(cancellationToken).ConfigureAwait(false));
                await StepAsync($"handing over to process {successor.Peer.ProcessId}", token => ServeAsync(successor, source, token), cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever a stranger does, and whatever fails before the commit: the service goes on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                source.OnAttemptFailed(exception);
            }
        }
    }

    private async Task ServeAsync(TakeoverLink successor, ITakeoverSource source, CancellationToken cancellationToken)
    {
        try
        {
            if (!successor.Peer.IsSameUser)
            {
                throw new InvalidDataException($"it belongs to another user ({successor.Peer.UserId})");
            }

            using (TakeoverMessage hello = await ReceiveAsync(successor, TakeoverMessageType.Hello, cancellationToken).ConfigureAwait(false))
            {
                _ = TakeoverHello.Decode(hello.Payload);
            }

            Offer(successor, source.GetListeners());
            using TakeoverMessage commit = await ReceiveAsync(successor, TakeoverMessageType.Commit, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException exception)
        {
            successor.Refuse(exception.Message);
            throw;
        }
        catch (OperationCanceledException)
        {
            successor.Refuse("it took too long, or the process ends");
            throw;
        }

        _socket!.Disown();
        try
        {
            await source.ReleaseAsync(successor.Peer.ProcessId).ConfigureAwait(false);
        }
        finally
        {
            // There is no way back, whatever has become of it.
            _handedOver.TrySetResult(successor.Peer.ProcessId);
        }

        successor.Send(TakeoverMessageType.Released, []);
    }

    private void Offer(TakeoverLink successor, IReadOnlyList<KeyValuePair<string, Socket>> listeners)
    {
        // Held while they are sent: a descriptor that is closed meanwhile could be somebody else's by then.
        List<SafeSocketHandle> held = [];
        try
        {
            int[] descriptors = new int[1 + listeners.Count];
            descriptors[0] = Hold(_socket!.Socket, held);
            for (int i = 0; i < listeners.Count; i++)
            {
                descriptors[i + 1] = Hold(listeners[i].Value, held);
            }

            successor.Send(TakeoverMessageType.Offer, new TakeoverOffer([.. listeners.Select(static listener => listener.Key)]).Encode(), descriptors);
        }
        finally
        {
            held.ForEach(static handle => handle.DangerousRelease());
        }
    }

    private static int Hold(Socket socket, List<SafeSocketHandle> held)
    {
        bool added = false;
        socket.SafeHandle.DangerousAddRef(ref added);
        held.Add(socket.SafeHandle);
        return (int)socket.SafeHandle.DangerousGetHandle();
    }

    private static async Task<TakeoverMessage> ReceiveAsync(TakeoverLink link, TakeoverMessageType type, CancellationToken cancellationToken) =>
        await link.ReceiveAsync(type, cancellationToken).ConfigureAwait(false) ?? throw new IOException("it went away before it was ready");

    private string Operation => $"Taking over at {_options.Path}";

    /// <summary>One step of the protocol, which takes at most the configured time; what goes wrong is told in one type.</summary>
    private async Task StepAsync(string what, Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_options.Timeout);
        try
        {
            await step(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ZcrxException(Operation, 0, $"{what} took longer than {_options.Timeout}", "See what that process does; while it starts or ends it does not hand over", exception);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or SocketException)
        {
            throw new ZcrxException(Operation, 0, $"{what} failed: {exception.Message.TrimEnd('.')}", "Start one process of the service at this path at a time, of versions that understand each other", exception);
        }
    }
}
