using System.Reactive.Disposables;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>Cuts the buffers of one subscription into frames.</summary>
/// <remarks>
/// Buffers arrive on the ring thread, and any thread may dispose the subscription, so calls are serialized by <see cref="ExclusiveUse"/>.
/// Shortly after a connection has moved to another queue, two ring threads may call. The old queue's thread reclaims buffers while the new
/// queue's thread delivers buffers.
/// </remarks>
internal sealed class FrameObserver<TCutter> : IObserver<ReceivedBuffer>, IReclaimable, IPostponedConsumer, IDisposable
    where TCutter : struct, IFrameCutter
{
    private readonly FrameAssembler<TCutter> _frames;
    private readonly SingleAssignmentDisposable _upstream = new();
    private IObserver<ReceivedFrame>? _downstream;
    // Only the thread that has entered this exclusive use may touch the fields below.
    private ExclusiveUse _use;
    // The exception that the observer has thrown. After it, no frames are cut, but the end of the source is still passed on.
    private Exception? _thrown;
    // True when the source has ended but its end must wait, because OnNext is running or frames wait for the consumer.
    private bool _hasEndedInside;
    private Exception? _error;
    // False while the source's Subscribe method runs. Any thread.
    private volatile bool _isConnected;

    public FrameObserver(IObserver<ReceivedFrame> downstream, TCutter cutter, int maxLength, FramingOptions options)
    {
        _downstream = downstream;
        _frames = new FrameAssembler<TCutter>(this, cutter, maxLength, options);
    }

    public bool HasEnded => _use.HasEnded;

    public BufferHolder? Holder => _frames.Holder;

    public long BytesWaiting => _frames.BytesWaiting;

    public byte[] CopyWaiting()
    {
        if (!_use.TryEnterIdle())
        {
            return [];
        }

        try
        {
            return _frames.CopyWaiting();
        }
        finally
        {
            Leave();
        }
    }

    public void Connect(IDisposable upstream)
    {
        _upstream.Disposable = upstream;
        _isConnected = true;
    }

    public void OnNext(ReceivedBuffer value)
    {
        if (!_use.TryEnter(out bool isNested))
        {
            if (isNested)
            {
                throw new InvalidOperationException("A buffer arrived while the observer was still busy with the previous one, on the same thread.");
            }

            return;
        }

        try
        {
            if (_thrown is null)
            {
                _frames.Receive(in value);
                if (_hasEndedInside)
                {
                    End(_error);
                }
            }
        }
        catch (Exception exception)
        {
            _thrown = exception;
            _frames.Release();
            if (_hasEndedInside)
            {
                // The source ended during OnNext and will not call again, so the frames end here.
                TryEnd();
            }

            throw;
        }
        finally
        {
            Leave();
        }
    }

    public void OnCompleted() => EndFromSource(null);

    public void OnError(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        EndFromSource(error);
    }

    public void Dispose()
    {
        bool isFirst = _use.TryEnd(out bool isIdle);
        if (isIdle)
        {
            Clear();
        }

        _upstream.Dispose();
        if (isFirst)
        {
            // Disposing the upstream has no effect if the source has ended. The connection may still wait for the last frame, so it is
            // notified directly.
            _frames.Source?.Synchronize();
        }
    }

    public void Reclaim()
    {
        // If another thread uses the frames, nothing is reclaimed here. That thread checks the pressure before it leases a buffer. Buffers
        // of a queue that the connection has left are reclaimed when the pressure of that queue rises next.
        if (!_use.TryEnterIdle())
        {
            return;
        }

        try
        {
            if (_frames.Copy() is { } overBudget)
            {
                FailLater(overBudget);
            }
        }
        finally
        {
            Leave();
        }
    }

    public bool Continue()
    {
        if (!_use.TryEnter(out _))
        {
            return false;
        }

        try
        {
            bool waits = _thrown is null && _frames.Continue();
            if (!waits && _hasEndedInside)
            {
                End(_error);
                waits = _frames.IsWaiting;
            }

            return waits;
        }
#pragma warning disable CA1031 // An exception of the observer ends only its own stream.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            FailLater(exception);
            return false;
        }
        finally
        {
            Leave();
        }
    }

    public void Abandon(Exception error)
    {
        if (!_use.TryEnter(out _))
        {
            return;
        }

        try
        {
            if (_hasEndedInside)
            {
                End(error);
            }
        }
#pragma warning disable CA1031 // An observer without an error handler rethrows. The caller must still end the other consumers.
        catch (Exception unhandled)
#pragma warning restore CA1031
        {
            _frames.Source?.Report(unhandled);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Ends the frames after the observer has thrown outside a call of the source. The source cannot pass this exception on, so this method
    /// does.
    /// </summary>
    private void FailLater(Exception exception)
    {
        _thrown = exception;
        BufferHolder? source = _frames.Source;
        try
        {
            Fail(exception);
        }
#pragma warning disable CA1031 // An observer without an error handler rethrows the error.
        catch (Exception unhandled)
#pragma warning restore CA1031
        {
            source?.Report(unhandled);
        }

        source?.Fail(exception);
    }

    private void EndFromSource(Exception? error)
    {
        if (!_use.TryEnter(out bool isNested))
        {
            if (isNested && !_hasEndedInside)
            {
                _hasEndedInside = true;
                _error = error;
            }

            return;
        }

        try
        {
            End(error);
        }
        finally
        {
            Leave();
        }
    }

    private void End(Exception? error)
    {
        if (error is null && _thrown is null && (_frames.IsWaiting || _frames.MustWaitAtEnd()))
        {
            // The source has ended but frames still wait for the consumer. The end is passed on behind them.
            _hasEndedInside = true;
            return;
        }

        if (_thrown is null && _frames.IsInside)
        {
            if (error is null)
            {
                error = _frames.EndInside();
                if (error is not null)
                {
                    _frames.Source?.FailAtEnd(error);
                }
            }
            else
            {
                // The incomplete frame will never be handled. An orderly close would tell the peer that it was.
                _frames.Source?.LeaveUnhandled();
            }
        }

        // After the observer has thrown, it has missed bytes. OnCompleted must not hide this.
        error ??= _thrown;
        if (error is not null)
        {
            Fail(error);
        }
        else if (TryEnd())
        {
            _downstream!.OnCompleted();
        }
    }

    /// <summary>Delivers a frame to the observer.</summary>
    public void Pass(ReceivedFrame frame) => _downstream!.OnNext(frame);

    /// <summary>Ends the frames with an error and unsubscribes from the source.</summary>
    public void Fail(Exception error)
    {
        if (TryEnd())
        {
            _downstream!.OnError(error);
        }
    }

    /// <summary>
    /// Ends the frames and the connection with an error. The stream cannot be cut into frames, so its bytes are of no use.
    /// </summary>
    public void Refuse(ZcrxFramingException error)
    {
        // While Subscribe still runs on another thread, this observer cannot be removed yet.
        bool isSubscribed = !_isConnected;
        try
        {
            Fail(error);
        }
        finally
        {
            _frames.Source?.Fail(error, isSubscribed);
        }
    }

    private bool TryEnd()
    {
        bool isFirst = _use.TryEnd(out _);
        _frames.Release();
        _upstream.Dispose();
        return isFirst;
    }

    private void Clear()
    {
        _frames.Release();
        _downstream = null;
    }

    private void Leave()
    {
        if (_use.Leave())
        {
            Clear();
        }
    }
}
