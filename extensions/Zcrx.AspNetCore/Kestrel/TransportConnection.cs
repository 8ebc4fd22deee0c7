using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Kestrel;

/// <summary>Represents a connection of Zcrx in Kestrel.</summary>
/// <remarks>
/// The connection has no <c>IConnectionSocketFeature</c>: a queue reads from the socket, and a read by the application would take bytes
/// out of the stream. Set socket options in <see cref="ZcrxTransportOptions.ConfigureListener"/>.
/// </remarks>
internal sealed class TransportConnection : DefaultConnectionContext, IDisposable
{
    private readonly ZcrxConnection _connection;
    // Not disposed, because the end of the stream may cancel it at any time. It has no timer, so it holds no resources.
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TransportPipeReader _input;
    private readonly TransportSender _output;
    private readonly IDisposable _end;
    private int _isDisposed;

    /// <summary>Creates the connection and starts receiving. Ring thread only, before the first buffer.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="options">The options of the transport.</param>
    /// <param name="maxQueuedBytes">The number of received bytes that may wait for Kestrel.</param>
    /// <param name="sends">Runs the sends.</param>
    public TransportConnection(ZcrxConnection connection, ZcrxTransportOptions options, long maxQueuedBytes, PipeScheduler sends)
        : base(connection.Id.ToString("X13", CultureInfo.InvariantCulture))
    {
        _connection = connection;
        LocalEndPoint = connection.LocalEndPoint;
        RemoteEndPoint = connection.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        // The handler's task keeps the connection open until Kestrel disposes it.
        _ = connection.HandleAsync((_, _) => _ended.Task);
        _end = connection.Buffers.Subscribe(new EndObserver(this));
        _input = new TransportPipeReader(connection.Buffers.ToPipeReader(
            options.MaxQueuedBuffers, options.MaxReadBytes, options.MaxLeasedBuffers, long.MaxValue, maxQueuedBytes: maxQueuedBytes));
        _output = new TransportSender(connection, sends, options.MaxWriteBytes);
        Transport = new DuplexPipe(_input, _output.Writer);
    }

    /// <summary>Resets the connection if Kestrel gives a reason; otherwise closes it, as Kestrel's socket transport does.</summary>
    /// <remarks>Kestrel gives no reason after the client has ended its side.</remarks>
    public override void Abort(ConnectionAbortedException? abortReason)
    {
        _input.OnAborted(abortReason ?? new ConnectionAbortedException("The client has ended the connection."));
        if (abortReason is null)
        {
            _connection.Dispose();
        }
        else
        {
            _connection.Abort();
        }

        OnClosed();
    }

    /// <summary>Called by Zcrx when the connection is closed.</summary>
    public void Dispose()
    {
        _end.Dispose();
        OnClosed();
    }

    /// <summary>Sends the remaining written bytes and returns the connection to Zcrx, which closes it.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        // Completes the fields instead of Transport, because Kestrel has replaced Transport with a wrapper.
        await _input.CompleteAsync().ConfigureAwait(false);
        await _output.Writer.CompleteAsync().ConfigureAwait(false);
        await _output.Completion.ConfigureAwait(false);
        _ended.TrySetResult();
        await _connection.Closed.ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    // CancelAsync cancels on the thread pool. Callbacks of Kestrel and of applications must not run on the ring thread.
    private void OnClosed() => _ = _closed.CancelAsync();

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>
    /// Cancels <c>ConnectionClosed</c> when the stream ends, even if Kestrel has not read all bytes yet.
    /// </summary>
    private sealed class EndObserver(TransportConnection connection) : IObserver<ReceivedBuffer>
    {
        public void OnNext(ReceivedBuffer value)
        {
        }

        public void OnCompleted() => connection.OnClosed();

        public void OnError(Exception error) => connection.OnClosed();
    }
}
