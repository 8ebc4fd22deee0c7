using System.Diagnostics.CodeAnalysis;
using System.Net;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Stage;
using Zcrx.Rx;

namespace Zcrx.Actors.Streams;

/// <summary>Connects to a server when it is materialized. Then sends and receives over the connection.</summary>
/// <typeparam name="T">The type of the elements that are emitted.</typeparam>
/// <param name="zcrx">The running Zcrx service.</param>
/// <param name="remote">The server.</param>
/// <param name="receive">Creates the elements of the connection.</param>
/// <param name="halfClose">True if the connection still receives after the upstream has ended.</param>
/// <param name="timeout">The time limit for connecting; null if only the limit of the kernel applies.</param>
internal sealed class OutgoingStage<T>(IZcrx zcrx, EndPoint remote, Func<ZcrxConnection, Action, IElements<T>> receive, bool halfClose, TimeSpan? timeout)
    : GraphStageWithMaterializedValue<FlowShape<ByteString, T>, Task<ZcrxOutgoingConnection>>
{
    public override FlowShape<ByteString, T> Shape { get; } = new(new Inlet<ByteString>("ZcrxOutgoing.in"), new Outlet<T>("ZcrxOutgoing.out"));

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("ZcrxOutgoing");

    public override string ToString() => $"zcrx connection to {remote}";

    public override ILogicAndMaterializedValue<Task<ZcrxOutgoingConnection>> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        TaskCompletionSource<ZcrxOutgoingConnection> connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return new LogicAndMaterializedValue<Task<ZcrxOutgoingConnection>>(new Logic(this, connected, zcrx, remote, receive, halfClose, timeout), connected.Task);
    }

    [SuppressMessage("Design", "CA1001", Justification = "PostStop disposes the fields. It ends every stage.")]
    private sealed class Logic : ConnectionLogic<T>
    {
        private readonly TaskCompletionSource<ZcrxOutgoingConnection> _connected;
        private readonly IZcrx _zcrx;
        private readonly EndPoint _remote;
        private readonly TimeSpan? _timeout;
        private readonly CancellationTokenSource _ended = new();
        private readonly Action<Exception?> _onConnected;
        // Holds the connection until OnConnected takes it. A stage that has ended does not run OnConnected, so the connection must be
        // aborted.
        private ZcrxConnection? _pending;
        private int _hasEnded;

        public Logic(
            OutgoingStage<T> stage,
            TaskCompletionSource<ZcrxOutgoingConnection> connected,
            IZcrx zcrx,
            EndPoint remote,
            Func<ZcrxConnection, Action, IElements<T>> receive,
            bool halfClose,
            TimeSpan? timeout)
            : base(stage.Shape, receive, halfClose)
        {
            (_connected, _zcrx, _remote, _timeout) = (connected, zcrx, remote, timeout);
            _onConnected = GetAsyncCallback<Exception?>(OnConnected);
        }

        public override void PreStart()
        {
            base.PreStart();
            _ = ConnectAsync();
        }

        public override void PostStop()
        {
            // Exchange is a full fence. Either this method sees the connection, or ConnectAsync sees that the stage has ended.
            Interlocked.Exchange(ref _hasEnded, 1);
            AbortPending();
            _ended.Cancel();
            _ended.Dispose();
            _connected.TrySetException(new StreamTcpException($"The stream ended before it was connected to {_remote}."));
            // Marks the exception as observed, because programs need not use the materialized value.
            _ = _connected.Task.Exception;
            base.PostStop();
        }

        protected override void OnAbandoned() => CompleteStage();

        private async Task ConnectAsync()
        {
            Exception? error = null;
            try
            {
                using CancellationTokenSource connecting = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
                if (_timeout is { } time)
                {
                    connecting.CancelAfter(time);
                }

                ZcrxConnection connection = await _zcrx.ConnectAsync(_remote, cancellationToken: connecting.Token).ConfigureAwait(false);
                Interlocked.Exchange(ref _pending, connection);
            }
            catch (OperationCanceledException) when (Volatile.Read(ref _hasEnded) == 0)
            {
                error = new TimeoutException($"Connecting to {_remote} took longer than {_timeout}.");
            }
#pragma warning disable CA1031 // Any exception of the connect fails the stream.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                error = exception;
            }

            _onConnected(error);
            if (Volatile.Read(ref _hasEnded) != 0)
            {
                AbortPending();
            }
        }

        private void AbortPending() => Interlocked.Exchange(ref _pending, null)?.Abort();

        private void OnConnected(Exception? error)
        {
            if (error is null)
            {
                if (Interlocked.Exchange(ref _pending, null) is { } connection)
                {
                    _connected.TrySetResult(new ZcrxOutgoingConnection(connection));
                    Begin(connection);
                }

                return;
            }

            StreamTcpException failed = new($"Could not connect to {_remote}: {error.Message}", error);
            _connected.TrySetException(failed);
            FailStage(failed);
        }
    }
}
