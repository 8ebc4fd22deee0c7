using System.Diagnostics.CodeAnalysis;
using System.Net;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Stage;
using Zcrx.Rx;

namespace Zcrx.Actors.Streams;

/// <summary>Connects to a server when it is materialized, and then is the connection.</summary>
/// <param name="zcrx">The running receiver.</param>
/// <param name="remote">The server.</param>
/// <param name="receive">Creates the elements of the connection.</param>
/// <param name="halfClose">Whether the connection still receives when the upstream has ended.</param>
/// <param name="timeout">How long connecting may take; null for no limit but that of the kernel.</param>
internal sealed class OutgoingStage(IZcrx zcrx, EndPoint remote, Func<ZcrxConnection, Action, IElements<ByteString>> receive, bool halfClose, TimeSpan? timeout)
    : GraphStageWithMaterializedValue<FlowShape<ByteString, ByteString>, Task<ZcrxOutgoingConnection>>
{
    public override FlowShape<ByteString, ByteString> Shape { get; } = new(new Inlet<ByteString>("ZcrxOutgoing.in"), new Outlet<ByteString>("ZcrxOutgoing.out"));

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("ZcrxOutgoing");

    public override string ToString() => $"zcrx connection to {remote}";

    public override ILogicAndMaterializedValue<Task<ZcrxOutgoingConnection>> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        TaskCompletionSource<ZcrxOutgoingConnection> connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return new LogicAndMaterializedValue<Task<ZcrxOutgoingConnection>>(new Logic(this, connected, zcrx, remote, receive, halfClose, timeout), connected.Task);
    }

    [SuppressMessage("Design", "CA1001", Justification = "PostStop disposes the fields. It ends every stage.")]
    private sealed class Logic : ConnectionLogic<ByteString>
    {
        private readonly TaskCompletionSource<ZcrxOutgoingConnection> _connected;
        private readonly IZcrx _zcrx;
        private readonly EndPoint _remote;
        private readonly TimeSpan? _timeout;
        private readonly CancellationTokenSource _ended = new();
        private readonly Action<(ZcrxConnection? Connection, Exception? Error)> _onConnected;
        private int _hasEnded;

        public Logic(
            OutgoingStage stage,
            TaskCompletionSource<ZcrxOutgoingConnection> connected,
            IZcrx zcrx,
            EndPoint remote,
            Func<ZcrxConnection, Action, IElements<ByteString>> receive,
            bool halfClose,
            TimeSpan? timeout)
            : base(stage.Shape, receive, halfClose)
        {
            (_connected, _zcrx, _remote, _timeout) = (connected, zcrx, remote, timeout);
            _onConnected = GetAsyncCallback<(ZcrxConnection?, Exception?)>(OnConnected);
        }

        public override void PreStart()
        {
            base.PreStart();
            _ = ConnectAsync();
        }

        public override void PostStop()
        {
            Volatile.Write(ref _hasEnded, 1);
            _ended.Cancel();
            _ended.Dispose();
            _connected.TrySetException(new StreamTcpException($"The stream ended before it was connected to {_remote}."));
            // Observed here, for programs that do not use the materialized value.
            _ = _connected.Task.Exception;
            base.PostStop();
        }

        protected override void OnAbandoned() => CompleteStage();

        private async Task ConnectAsync()
        {
            ZcrxConnection? connection = null;
            Exception? error = null;
            try
            {
                using CancellationTokenSource connecting = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
                if (_timeout is { } time)
                {
                    connecting.CancelAfter(time);
                }

                connection = await _zcrx.ConnectAsync(_remote, cancellationToken: connecting.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (Volatile.Read(ref _hasEnded) == 0)
            {
                error = new TimeoutException($"Connecting to {_remote} took longer than {_timeout}.");
            }
#pragma warning disable CA1031 // Whatever connecting throws fails the stream.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                error = exception;
            }

            _onConnected((connection, error));
            if (connection is not null && Volatile.Read(ref _hasEnded) != 0)
            {
                // A stage that has ended drops the call. Aborting twice does no harm.
                connection.Abort();
            }
        }

        private void OnConnected((ZcrxConnection? Connection, Exception? Error) result)
        {
            if (result.Connection is { } connection)
            {
                _connected.TrySetResult(new ZcrxOutgoingConnection(connection));
                Begin(connection);
                return;
            }

            StreamTcpException failed = new($"Could not connect to {_remote}: {result.Error!.Message}", result.Error);
            _connected.TrySetException(failed);
            FailStage(failed);
        }
    }
}
