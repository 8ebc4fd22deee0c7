using System.Reactive.Disposables;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>Cuts one subscription's buffers into frames.</summary>
/// <remarks>
/// Threading: buffers arrive on the ring thread, and disposal may come from any thread (<see cref="ExclusiveUse"/>). Shortly after
/// a connection has moved to another queue, two ring threads may call: the old queue's thread reclaims buffers while the new
/// queue's thread delivers buffers.
/// </remarks>
internal sealed class FrameObserver<TCutter> : IObserver<ReceivedBuffer>, IReclaimable, IPostponedConsumer, IDisposable
    where TCutter : struct, IFrameCutter
{
    private readonly FrameAssembler<TCutter> _frames;
    private readonly SingleAssignmentDisposable _upstream = new();
    private IObserver<ReceivedFrame>? _downstream;
    // The thread that has entered the exclusive use owns all fields below.
    private ExclusiveUse _use;
    // The exception that the observer has thrown. No further frames are cut, but the source still reports its end.
    private Exception? _thrown;
    // The source has ended, but the end cannot be passed on yet: OnNext is running, or frames wait for the consumer.
    private bool _hasEndedInside;
    private Exception? _error;

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

    public void Connect(IDisposable upstream) => _upstream.Disposable = upstream;

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
                // The source has already ended, so the frames end here.
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
            // The upstream of a source that has ended does nothing, but the connection may still wait for the last frame.
            _frames.Source?.Synchronize();
        }
    }

    public void Reclaim()
    {
        // If a thread is inside, nothing is reclaimed now: that thread checks the pressure before it leases a buffer. If its buffers
        // belong to a queue that the connection has left, the next rise of that queue's pressure reclaims them.
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
#pragma warning disable CA1031 // Any exception of an observer ends only its own stream.
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
#pragma warning disable CA1031 // An observer without an error handler rethrows. The caller must end the other consumers, too.
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
    /// Ends the frames after the observer has thrown outside a call of the source. The source therefore cannot pass
    /// the exception to the observer.
    /// </summary>
    private void FailLater(Exception exception)
    {
        _thrown = exception;
        BufferHolder? source = _frames.Source;
        try
        {
            Fail(exception);
        }
#pragma warning disable CA1031 // An observer without an error handler rethrows.
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
            // The source has ended, but frames still wait for the consumer. The end is passed on after them.
            _hasEndedInside = true;
            return;
        }

        if (_thrown is null && _frames.IsInside)
        {
            if (error is null)
            {
                error = _frames.EndInside();
            }
            else
            {
                // The rest of the frame will not arrive. An orderly close would tell the peer that the frame was handled.
                _frames.Source?.LeaveUnhandled();
            }
        }

        // A completion must not hide that the observer has missed bytes.
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

    /// <summary>Passes a frame on.</summary>
    public void Pass(ReceivedFrame frame) => _downstream!.OnNext(frame);

    /// <summary>Ends the frames with an error.</summary>
    public void Fail(Exception error)
    {
        if (TryEnd())
        {
            _downstream!.OnError(error);
        }
    }

    /// <summary>
    /// Ends the frames and the connection with an error, because the stream cannot be cut and its bytes have no other use.
    /// </summary>
    public void Refuse(ZcrxFramingException error)
    {
        try
        {
            Fail(error);
        }
        finally
        {
            _frames.Source?.Fail(error);
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
