using System.Reactive;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Represents one subscription of <c>Process</c>. Workers take leases from the channel and run the handler for each of them.
/// </summary>
internal sealed class ProcessOperation<TBorrowed, TLease> : IDisposable
    where TLease : class, IDisposable
{
    private readonly Func<TLease, CancellationToken, ValueTask> _handler;
    private readonly IObserver<Unit> _observer;
    private readonly LeaseChannel<TBorrowed, TLease> _channel;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly CancellationToken _token;
    private Exception? _error;
    private bool _isAtFault;
    private int _disposed;

    public ProcessOperation(
        Leasing<TBorrowed, TLease> leasing, Func<TLease, CancellationToken, ValueTask> handler, int maxQueued, long maxQueuedBytes, IObserver<Unit> observer)
    {
        _handler = handler;
        _observer = observer;
        _channel = new LeaseChannel<TBorrowed, TLease>(leasing, maxQueued, maxQueuedBytes);
        _token = _cancellation.Token;
    }

    public void Start(IObservable<TBorrowed> source, int workers)
    {
        Task[] tasks = new Task[workers];
        for (int i = 0; i < workers; i++)
        {
            tasks[i] = Threads.RunOnPoolAsync(WorkAsync);
        }

        _ = FinishAsync(tasks);
        _channel.SubscribeTo(source);
    }

    /// <summary>
    /// Stops taking leases, cancels the running handlers and releases the waiting items. The observer receives nothing more.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            try
            {
                // Cancel runs callbacks that handlers have registered. If one of them throws, the buffers must still be released.
                _cancellation.Cancel();
            }
            finally
            {
                _channel.Dispose();
            }
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            while (await _channel.WaitToReadAsync(_token).ConfigureAwait(false))
            {
                while (!_token.IsCancellationRequested && _channel.TryRead(out TLease? lease))
                {
                    // Releases the lease even if the handler fails. Has no effect if the handler has called Move.
                    using (lease)
                    {
                        await _handler(lease, _token).ConfigureAwait(false);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (_token.IsCancellationRequested)
        {
            // The subscription was disposed, or another worker has failed. In both cases the worker just ends.
        }
#pragma warning disable CA1031 // An exception of the handler ends the stream, and the observer receives it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (Interlocked.CompareExchange(ref _error, exception, null) is null)
            {
                await Threads.CancelAsync(_cancellation).ConfigureAwait(false);
                _channel.Dispose();
                _isAtFault = !IsOfStream(exception) && _channel.Fail(exception);
            }
        }
    }

    private async Task FinishAsync(Task[] workers)
    {
        await Task.WhenAll(workers).ConfigureAwait(false);
        _channel.Dispose();
        try
        {
            // The first call that sets _disposed owns the cancellation source. If that was Dispose, it may still be inside Cancel, so the
            // source must not be disposed here.
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                _cancellation.Dispose();
                _channel.SendEnd(_observer, _error, isOwn: _isAtFault);
            }
        }
        finally
        {
            _channel.Finish();
        }
    }

    /// <summary>Determines whether an exception is the error with which the stream ended. If so, no handler is at fault.</summary>
    private bool IsOfStream(Exception exception) => _channel.Completion.Exception?.InnerException == exception;
}
