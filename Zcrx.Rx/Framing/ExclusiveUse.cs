using System.Diagnostics;

namespace Zcrx.Rx.Framing;

/// <summary>Lets one thread at a time use an operator's state, and any thread end it. Lock-free for who ends it.</summary>
/// <remarks>
/// Whoever ends it while nobody is inside cleans up; otherwise whoever is inside does, on leaving. So that is done exactly once, and never
/// under the feet of somebody inside. A mutable struct: keep it in a field, do not copy it.
/// </remarks>
internal struct ExclusiveUse
{
    private const int Idle = 0;
    private const int Inside = 1;
    private const int Ended = 2;
    private const int Nobody = 0;

    private int _state;
    private int _owner;

    public readonly bool HasEnded => (Volatile.Read(in _state) & Ended) != 0;

    /// <summary>Enters; waits for another thread that is inside, which is short: the source itself calls one after the other.</summary>
    /// <returns>False when it has ended, or is nested.</returns>
    /// <param name="isNested">True when this very thread is inside already: the observer, in its OnNext, makes the source call again.</param>
    public bool TryEnter(out bool isNested)
    {
        isNested = false;
        SpinWait spin = default;
        while (true)
        {
            int state = Interlocked.CompareExchange(ref _state, Inside, Idle);
            if (state == Idle)
            {
                _owner = Environment.CurrentManagedThreadId;
                return true;
            }

            if ((state & Ended) != 0)
            {
                return false;
            }

            // Reset before leaving, so that it is this thread's number only if this thread has set it and is still inside.
            if (Volatile.Read(ref _owner) == Environment.CurrentManagedThreadId)
            {
                isNested = true;
                return false;
            }

            spin.SpinOnce();
        }
    }

    /// <summary>Enters only if nobody is inside.</summary>
    /// <returns>Whether it has; false also when it has ended.</returns>
    public bool TryEnterIdle() => Interlocked.CompareExchange(ref _state, Inside, Idle) == Idle;

    /// <summary>Leaves.</summary>
    /// <returns>True when it has ended meanwhile: clean up.</returns>
    public bool Leave()
    {
        Volatile.Write(ref _owner, Nobody);
        int state = Interlocked.CompareExchange(ref _state, Idle, Inside);
        Debug.Assert((state & Inside) != 0, "Only who is inside leaves.");
        return state != Inside;
    }

    /// <summary>Ends it: nobody enters any more.</summary>
    /// <returns>Whether this was the first call.</returns>
    /// <param name="isIdle">True when nobody was inside: clean up.</param>
    public bool TryEnd(out bool isIdle)
    {
        int before = Interlocked.Or(ref _state, Ended);
        isIdle = before == Idle;
        return (before & Ended) == 0;
    }
}
