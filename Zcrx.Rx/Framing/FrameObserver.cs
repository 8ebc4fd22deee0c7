using System.Buffers;
using System.Reactive.Disposables;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>Cuts one subscription's buffers into frames.</summary>
/// <remarks>
/// <para>Frames that lie in one buffer are handed on as they are. The rest of a buffer, behind its last whole frame, is kept in
/// <see cref="HeldBytes"/> until the next buffer completes it.</para>
/// <para>Threads: buffers come on the ring's thread, disposal from any (<see cref="ExclusiveUse"/>). A connection that has moved to another
/// queue has two ring threads for a moment: the old queue's may ask for its buffers back while the new one's lends.</para>
/// </remarks>
internal sealed partial class FrameObserver<TCutter>(IObserver<ReadOnlySequence<byte>> downstream, TCutter cutter, int maxLength, FramingOptions options)
    : IObserver<ReceivedBuffer>, IPressureRelief, IDisposable
    where TCutter : struct, IFrameCutter
{
    private const long Unknown = -1;

    private readonly HeldBytes _held = new(options.MaxHeldBuffers);
    // An unterminated frame of exactly the limit is acceptable, thus its last byte must not end it, also where the delimiter counts into the length.
    private readonly int _overhead = options.DeliversUnterminated ? Math.Max(cutter.Overhead, 1) : cutter.Overhead;
    private readonly FrameSkips? _skips = options.Skips;
    private readonly bool _deliversUnterminated = options.DeliversUnterminated;
    private readonly SingleAssignmentDisposable _upstream = new();
    private IObserver<ReadOnlySequence<byte>>? _downstream = downstream;
    private BufferLedger? _relieves;
    private BufferHolder? _holder;
    // Where the present buffer comes from.
    private BufferHolder? _source;
    private bool _checksBorrows;

    // Everything below belongs to who is inside.
    private ExclusiveUse _use;

    // The next byte of the stream that is to come, and where in the stream the held bytes begin.
    private long _next = Unknown;
    private long _frameOffset;
    // Below this many bytes there is no point in cutting; the decision, once made, and how much was searched for it.
    private long _needed;
    private FrameDecision _decision;
    private bool _isDecided;
    private long _seen;
    // A frame that is too long is skipped up to its delimiter; this many of its bytes are no longer held.
    private bool _isSkipping;
    private long _dropped;
    // What the observer has thrown: nothing more can be cut, but the source still reports its end.
    private Exception? _thrown;
    // The source ended while the observer was in OnNext: because of something that it did there.
    private bool _hasEndedInside;
    private Exception? _error;

    public bool HasEnded => _use.HasEnded;

    public BufferHolder? Holder => _holder;

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
                Receive(in value);
                if (_hasEndedInside)
                {
                    End(_error);
                }
            }
        }
        catch (Exception exception)
        {
            _thrown = exception;
            _held.Release();
            if (_hasEndedInside)
            {
                // The source has nothing more to say, so this is the end.
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
        _use.TryEnd(out bool isIdle);
        if (isIdle)
        {
            Clear();
        }

        _upstream.Dispose();
    }

    public void Relieve()
    {
        // Who is inside looks at the pressure before it keeps anything; on an old queue, the next rise finds what this one missed.
        if (!_use.TryEnterIdle())
        {
            return;
        }

        try
        {
            _held.Copy();
        }
        finally
        {
            Leave();
        }
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
        if (error is null && _thrown is null && (!_held.IsEmpty || _isSkipping))
        {
            error = EndInside();
        }

        // A completion must not hide that the observer has missed something.
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

    private void Fail(Exception error)
    {
        if (TryEnd())
        {
            _downstream!.OnError(error);
        }
    }

    /// <summary>The stream cannot be cut. The observer is told, and the connection ends, since nothing else can be done with its bytes.</summary>
    private void Refuse(ZcrxFramingException error)
    {
        try
        {
            Fail(error);
        }
        finally
        {
            _source?.Fail(error);
        }
    }

    private bool TryEnd()
    {
        bool isFirst = _use.TryEnd(out _);
        _held.Release();
        _upstream.Dispose();
        return isFirst;
    }

    private void Clear()
    {
        _held.Release();
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
