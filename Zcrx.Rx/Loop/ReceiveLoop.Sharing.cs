using Zcrx.Interop;

namespace Zcrx.Rx.Loop;

/// <content>
/// Several loops on one interface queue, one after the other or for a while side by side: each receives on its own ring into the same memory, and one of them writes
/// the refill queue. Buffers that come back to the others go to it.
/// </content>
internal sealed unsafe partial class ReceiveLoop
{
    private bool _hasCeded;
    // As this loop last told others, and as they last told this one.
    private int _reportedKept;
    private int _keptElsewhere;

    /// <summary>Whether others have buffers of this pool, so that nobody here knows how many are left.</summary>
    private bool SharesPool => _hasCeded || Exported is not null;

    /// <summary>Exports the queue. Any thread.</summary>
    public Task<ExportedQueue> ExportAsync()
    {
        TaskCompletionSource<ExportedQueue> exported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(
            () =>
            {
                try
                {
                    exported.TrySetResult(_queue.Export());
                }
                catch (ZcrxException exception)
                {
                    exported.TrySetException(exception);
                }
            },
            () => exported.TrySetException(new ObjectDisposedException(nameof(ZcrxQueue), "The queue has been closed.")));
        return exported.Task;
    }

    /// <inheritdoc/>
    public Task CedeAsync() => InvokeAsync(
        () =>
        {
            Cede();
            return true;
        },
        refused: false);

    /// <inheritdoc/>
    public Task<bool> BeginAsync() => InvokeAsync(
        () =>
        {
            _hasCeded = false;
            _queue.Refill.Begin();
            _queue.Memory.AddKeptElsewhere(-_reportedKept);
            _reportedKept = 0;
            OnPoolSizeKnown();
            // Connections that wait for buffers are looked at again.
            _starvedSignal = true;
            _lastKept = -1;
            return true;
        },
        refused: false);

    /// <inheritdoc/>
    void IRefillProducer.Wake() => Wake();

    private void Cede()
    {
        _hasCeded = true;
        _queue.Refill.Cede();
        // The pool is no longer ours alone: what consumers keep from now on are copies, so that every buffer comes back by itself, and nothing is added to it.
        _queue.Ledger.KeepLimit = 0;
        ForwardReturned();
    }

    /// <summary>Buffers that came back here go to whoever writes the refill queue: another loop, or another process.</summary>
    private void ForwardReturned()
    {
        bool news = ReportKept() || _heldBack.Count > 0;
        while (_heldBack.TryDequeue(out ulong offset))
        {
            _queue.Memory.Enqueue(offset);
        }

        if (news)
        {
            _queue.Memory.WakeProducer();
        }
    }

    private bool ReportKept()
    {
        int kept = _queue.Ledger.Away;
        if (kept == _reportedKept)
        {
            return false;
        }

        _queue.Memory.AddKeptElsewhere(kept - _reportedKept);
        _reportedKept = kept;
        return true;
    }

    /// <summary>Buffers that came back to other loops.</summary>
    private void TakeForwarded()
    {
        while (_queue.Memory.TryTake(out ulong offset))
        {
            ReturnBuffer(offset);
        }

        if (_queue.Memory.KeptElsewhere is var kept && kept != _keptElsewhere)
        {
            _keptElsewhere = kept;
            OnPoolSizeKnown();
            // Who was held back for want of them may go on.
            _lastKept = -1;
        }
    }

    /// <summary>The loop ends. Whoever goes on with the queue finds the refill queue as it is, and the rest where it looks for it.</summary>
    private void LeaveBuffers()
    {
        _queue.Refill.Publish();
        ForwardReturned();
    }
}
