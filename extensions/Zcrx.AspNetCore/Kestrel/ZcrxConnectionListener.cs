using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Kestrel;

/// <summary>Passes the connections of one port to Kestrel.</summary>
/// <param name="options">The options of the transport.</param>
/// <param name="maxQueuedBytes">The number of received bytes of a connection that may wait for Kestrel.</param>
internal sealed class ZcrxConnectionListener(ZcrxTransportOptions options, long maxQueuedBytes) : IConnectionListener
{
    // The channel needs no bound, because Kestrel takes each connection at once. The listener's limits reject connections before this
    // point.
    private readonly Channel<TransportConnection> _accepted = Channel.CreateUnbounded<TransportConnection>(new UnboundedChannelOptions { SingleReader = true });
    // As many schedulers as Kestrel's own transport uses.
    private readonly SendScheduler[] _sends = [.. Enumerable.Range(0, int.Min(Environment.ProcessorCount, 16)).Select(static _ => new SendScheduler())];
    private uint _handled;
    private ZcrxServerBinding? _binding;

    public EndPoint EndPoint => _binding!.LocalAddress;

    public async Task BindAsync(IZcrx zcrx, ZcrxListenerOptions port, CancellationToken cancellationToken)
    {
        _binding = await zcrx.AddListenerAsync(port, cancellationToken).ConfigureAwait(false);
        // Ends accepting also when Zcrx closes the port, for example by a command or for a takeover.
        _ = _binding.Closed.ContinueWith(
            static (_, accepted) => ((ChannelWriter<TransportConnection>)accepted!).TryComplete(),
            _accepted.Writer,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    /// <summary>Queues a new connection for Kestrel. Ring thread only.</summary>
    /// <returns>The connection in Kestrel. Zcrx disposes it when the connection is closed.</returns>
    public IDisposable Handle(ZcrxConnection connection)
    {
        // Several ring threads accept for one port, so the counter is changed atomically.
        SendScheduler sends = _sends[Interlocked.Increment(ref _handled) % (uint)_sends.Length];
        TransportConnection transport = new(connection, options, maxQueuedBytes, sends);
        if (!_accepted.Writer.TryWrite(transport))
        {
            transport.Abort(new ConnectionAbortedException("The port is closed."));
        }

        return transport;
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_accepted.Reader.TryRead(out TransportConnection? connection))
            {
                return connection;
            }
        }

        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        // Ignores the token. Kestrel cancels it if another port could not be bound, but this port must be closed in that case, too.
        await _binding!.Unbind().ConfigureAwait(false);
        _ = _accepted.Writer.TryComplete();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        while (_accepted.Reader.TryRead(out TransportConnection? connection))
        {
            connection.Abort(new ConnectionAbortedException("The port was closed before the connection was accepted."));
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}
