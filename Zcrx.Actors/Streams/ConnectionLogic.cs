using Akka.IO;
using Akka.Streams;
using Akka.Streams.Stage;
using Zcrx.Rx;

namespace Zcrx.Actors.Streams;

/// <summary>Emits the bytes that a connection receives, and sends the bytes from upstream.</summary>
/// <typeparam name="T">The type of the emitted elements.</typeparam>
/// <remarks>
/// <see cref="IElements{T}"/> adds elements on the ring thread. All other code runs in the interpreter of the stage. The stage closes the
/// connection in order if both directions have ended, and resets it otherwise.
/// </remarks>
internal abstract class ConnectionLogic<T> : GraphStageLogic
{
    private readonly FlowShape<ByteString, T> _shape;
    private readonly Func<ZcrxConnection, Action, IElements<T>> _receive;
    private readonly bool _halfClose;
    private readonly Action<Exception?> _onSent;
    private readonly Action _onElements;
    private ZcrxConnection? _connection;
    private IElements<T>? _elements;
    private IDisposable? _work;
    private bool _isSending;
    private bool _isSendClosed;
    private bool _isOrderly;

    /// <param name="shape">The shape of the stage.</param>
    /// <param name="receive">Creates the elements of the connection.</param>
    /// <param name="halfClose">True if the connection still receives after the upstream has ended.</param>
    protected ConnectionLogic(FlowShape<ByteString, T> shape, Func<ZcrxConnection, Action, IElements<T>> receive, bool halfClose)
        : base(shape)
    {
        (_shape, _receive, _halfClose) = (shape, receive, halfClose);
        _onSent = GetAsyncCallback<Exception?>(OnSent);
        _onElements = GetAsyncCallback(OnElements);
        SetHandler(shape.Inlet, onPush: OnPush, onUpstreamFinish: OnUpstreamFinish, onUpstreamFailure: OnUpstreamFailure);
        SetHandler(shape.Outlet, onPull: Emit, onDownstreamFinish: OnDownstreamFinish);
    }

    /// <summary>Gets a value indicating whether both the upstream and the downstream have ended.</summary>
    protected bool IsAbandoned => IsClosed(_shape.Inlet) && IsClosed(_shape.Outlet);

    public override void PreStart() => SetKeepGoing(true);

    public override void PostStop()
    {
        _elements?.Dispose();
        if (_isOrderly)
        {
            _connection?.Dispose();
        }
        else
        {
            // The stream did not end in order, for example because it has failed or its materializer has ended. So the connection is reset.
            _connection?.Abort();
        }

        _work?.Dispose();
    }

    /// <summary>Starts to receive and to send.</summary>
    protected void Begin(ZcrxConnection connection)
    {
        _connection = connection;
        // Keeps the connection open until this stage has ended, even if the received stream ends earlier.
        _work = connection.BeginWork();
        _elements = _receive(connection, _onElements);
        if (IsClosed(_shape.Outlet))
        {
            _elements.Discard();
        }

        _elements.Start();
        if (IsClosed(_shape.Inlet))
        {
            EndSending();
        }
        else
        {
            Pull(_shape.Inlet);
        }

        if (!IsClosed(_shape.Outlet))
        {
            OnElements();
        }
    }

    /// <summary>Fails the stage with a StreamTcpException, as the TCP streams of Akka do.</summary>
    protected void Fail(string message, Exception cause) => FailStage(new StreamTcpException(message, cause));

    /// <summary>Called when upstream and downstream have both ended while the connection is not established yet.</summary>
    protected virtual void OnAbandoned()
    {
    }

    private void OnPush()
    {
        ValueTask sent;
        try
        {
            sent = ByteStringSender.SendAsync(_connection!, Grab(_shape.Inlet));
        }
#pragma warning disable CA1031 // Any exception of the send fails the stream.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            OnSent(exception);
            return;
        }

        if (sent.IsCompletedSuccessfully)
        {
            OnSent(null);
            return;
        }

        _isSending = true;
        _ = AwaitAsync(sent);
    }

    private async Task AwaitAsync(ValueTask sent)
    {
        Exception? error = null;
        try
        {
            await sent.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Any exception of the send fails the stream.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            error = exception;
        }

        _onSent(error);
    }

    private void OnSent(Exception? error)
    {
        _isSending = false;
        if (error is not null)
        {
            // The received stream has usually failed for the same reason. Its error is more precise.
            Exception cause = _elements!.HasEnded(out Exception? end) && end is not null ? end : error;
            Fail($"The connection broke while sending: {cause.Message}", cause);
        }
        else if (IsClosed(_shape.Inlet))
        {
            EndSending();
        }
        else
        {
            Pull(_shape.Inlet);
        }
    }

    private void OnUpstreamFinish()
    {
        if (_connection is null)
        {
            if (IsAbandoned)
            {
                OnAbandoned();
            }
        }
        else if (!_isSending)
        {
            EndSending();
        }
    }

    private void OnUpstreamFailure(Exception error) => FailStage(error);

    /// <summary>
    /// Ends the sending direction, after the upstream has ended and every byte is sent. Without half-close, also ends the stage.
    /// </summary>
    private void EndSending()
    {
        _isSendClosed = true;
        if (!_halfClose || IsClosed(_shape.Outlet))
        {
            EndInOrder();
            return;
        }

        _connection!.ShutdownSend();
    }

    private void OnDownstreamFinish(Exception cause)
    {
        if (cause is not (null or SubscriptionWithCancelException.NonFailureCancellation))
        {
            FailStage(cause);
        }
        else if (_isSendClosed)
        {
            // Both directions are over, so the stage ends. The connection is reset, which tells the peer that its further bytes are
            // discarded.
            CompleteStage();
        }
        else if (_connection is null && IsAbandoned)
        {
            OnAbandoned();
        }
        else
        {
            _elements?.Discard();
        }
    }

    private void OnElements()
    {
        _elements!.OnWoken();
        Emit();
    }

    private void Emit()
    {
        if (_elements is null)
        {
            return;
        }

        while (IsAvailable(_shape.Outlet) && _elements.TryTake(out T? element))
        {
            Push(_shape.Outlet, element);
        }

        if (!_elements.HasEnded(out Exception? error))
        {
            return;
        }

        if (error is not null)
        {
            Fail($"The connection broke: {error.Message}", error);
        }
        else if (_isSendClosed)
        {
            EndInOrder();
        }
        else if (!IsClosed(_shape.Outlet))
        {
            Complete(_shape.Outlet);
        }
    }

    private void EndInOrder()
    {
        _isOrderly = true;
        CompleteStage();
    }
}
