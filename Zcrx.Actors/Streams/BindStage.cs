using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reactive.Disposables;
using Akka.Streams;
using Akka.Streams.Stage;
using Zcrx.Rx;

namespace Zcrx.Actors.Streams;

/// <summary>Binds a listener when it is materialized, and emits the connections that it accepts.</summary>
/// <param name="zcrx">The running Zcrx service.</param>
/// <param name="listener">Creates the options of the listener, without a handler.</param>
/// <param name="halfClose">True if connections still receive after the upstream of their flow has ended.</param>
/// <param name="idleTimeout">The idle timeout of the connections; null for none.</param>
internal sealed class BindStage(IZcrx zcrx, Func<ZcrxListenerOptions> listener, bool halfClose, TimeSpan? idleTimeout)
    : GraphStageWithMaterializedValue<SourceShape<ZcrxIncomingConnection>, Task<ZcrxServerBinding>>
{
    public override SourceShape<ZcrxIncomingConnection> Shape { get; } = new(new Outlet<ZcrxIncomingConnection>("ZcrxBind.out"));

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("ZcrxBind");

    public override ILogicAndMaterializedValue<Task<ZcrxServerBinding>> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        TaskCompletionSource<ZcrxServerBinding> bound = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return new LogicAndMaterializedValue<Task<ZcrxServerBinding>>(new Logic(this, bound, zcrx, listener(), halfClose, idleTimeout), bound.Task);
    }

    [SuppressMessage("Design", "CA1001", Justification = "PostStop disposes the fields. It ends every stage.")]
    private sealed class Logic : GraphStageLogic
    {
        private readonly Outlet<ZcrxIncomingConnection> _out;
        private readonly TaskCompletionSource<ZcrxServerBinding> _bound;
        private readonly IZcrx _zcrx;
        private readonly ZcrxListenerOptions _listener;
        private readonly bool _halfClose;
        private readonly TimeSpan? _idleTimeout;
        private readonly CancellationTokenSource _ended = new();
        private readonly ConcurrentQueue<ZcrxIncomingConnection> _waiting = new();
        private readonly Action _onAccepted;
        private readonly Action _onClosed;
        private readonly Action<Exception?> _onBound;
        private ZcrxServerBinding? _binding;
        private bool _isClosed;
        private int _hasEnded;

        public Logic(BindStage stage, TaskCompletionSource<ZcrxServerBinding> bound, IZcrx zcrx, ZcrxListenerOptions listener, bool halfClose, TimeSpan? idleTimeout)
            : base(stage.Shape)
        {
            (_out, _bound, _zcrx, _listener, _halfClose, _idleTimeout) = (stage.Shape.Outlet, bound, zcrx, listener, halfClose, idleTimeout);
            listener.Handler = Accept;
            _onAccepted = GetAsyncCallback(Emit);
            _onClosed = GetAsyncCallback(OnClosed);
            _onBound = GetAsyncCallback<Exception?>(OnBound);
            SetHandler(_out, onPull: Emit);
        }

        public override void PreStart() => _ = BindAsync();

        public override void PostStop()
        {
            // Exchange is a full fence. Either this method sees the binding, or BindAsync sees that the stage has ended.
            Interlocked.Exchange(ref _hasEnded, 1);
            _ended.Cancel();
            _ended.Dispose();
            // Closes the port, even if the stage ends with its materializer. Emitted connections belong to their flows, so they stay open.
            if (Volatile.Read(ref _binding) is { } binding)
            {
                _ = UnbindAsync(binding);
            }

            Abort();
            _bound.TrySetException(new StreamTcpException($"The stream ended before {_listener.EndPoint} was bound."));
            // Marks the exception as observed, because programs need not use the materialized value.
            _ = _bound.Task.Exception;
        }

        private async Task BindAsync()
        {
            ZcrxServerBinding? binding = null;
            Exception? error = null;
            try
            {
                binding = await _zcrx.AddListenerAsync(_listener, _ended.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Any exception of the bind fails the stream.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                error = exception;
            }

            Interlocked.Exchange(ref _binding, binding);
            _onBound(error);
            if (binding is null)
            {
                return;
            }

            if (Volatile.Read(ref _hasEnded) != 0)
            {
                // If PostStop ran before _binding was set, it has not closed the port. If the port is already closed, this call does
                // nothing.
                await UnbindAsync(binding).ConfigureAwait(false);
            }

            await binding.Closed.ConfigureAwait(false);
            _onClosed();
        }

        /// <summary>
        /// Closes the port of a stage that has ended. A failure is ignored, because no caller waits for the result. Log event 1212 reports
        /// a port that is not closed in time.
        /// </summary>
        private static async Task UnbindAsync(ZcrxServerBinding binding) =>
            await binding.Unbind().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        private void OnBound(Exception? error)
        {
            if (error is null)
            {
                _bound.TrySetResult(_binding!);
                return;
            }

            _bound.TrySetException(error);
            FailStage(error);
        }

        /// <summary>Queues an accepted connection for the stage. Called on a ring thread.</summary>
        private IDisposable Accept(ZcrxConnection connection)
        {
            if (_waiting.Count >= _listener.Backlog)
            {
                connection.Abort();
                return Disposable.Empty;
            }

            _waiting.Enqueue(new ZcrxIncomingConnection(connection, _halfClose, _idleTimeout));
            if (Volatile.Read(ref _hasEnded) != 0)
            {
                Abort();
            }
            else
            {
                _onAccepted();
            }

            return Disposable.Empty;
        }

        private void Emit()
        {
            if (IsAvailable(_out) && _waiting.TryDequeue(out ZcrxIncomingConnection? connection))
            {
                Push(_out, connection);
            }

            if (_isClosed && _waiting.IsEmpty)
            {
                CompleteStage();
            }
        }

        private void OnClosed()
        {
            _isClosed = true;
            Emit();
        }

        /// <summary>Resets the connections that were not emitted.</summary>
        private void Abort()
        {
            while (_waiting.TryDequeue(out ZcrxIncomingConnection? connection))
            {
                connection.Connection.Abort();
            }
        }
    }
}
