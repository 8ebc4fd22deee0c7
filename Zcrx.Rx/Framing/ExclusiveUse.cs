using System.Diagnostics;

namespace Zcrx.Rx.Framing;

/// <summary>Lets one thread at a time use the state of an operator. Any thread may end the use, without taking a lock.</summary>
/// <remarks>
/// A thread uses the state from <c>TryEnter</c> until <see cref="Leave"/>. When the use ends, the state is cleaned up exactly once and
/// never while a thread uses it. The ending thread cleans up if no thread uses the state. Otherwise the using thread cleans up when it
/// leaves. This is a mutable struct, so keep it in a field and do not copy it.
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

    /// <summary>
    /// Begins to use the state. Spins while another thread uses it. The wait is short, because the source makes its calls one at a time.
    /// </summary>
    /// <returns>False when the use has ended, or when this thread already uses the state.</returns>
    /// <param name="isNested">
    /// True when this thread already uses the state. This happens when an observer's OnNext makes the source call again.
    /// </param>
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

            // A thread resets the owner before it leaves. The owner therefore equals this thread only while this thread uses the state.
            if (Volatile.Read(ref _owner) == Environment.CurrentManagedThreadId)
            {
                isNested = true;
                return false;
            }

            spin.SpinOnce();
        }
    }

    /// <summary>Begins to use the state, if no thread uses it now.</summary>
    /// <returns>False when a thread uses the state, or when the use has ended.</returns>
    public bool TryEnterIdle() => Interlocked.CompareExchange(ref _state, Inside, Idle) == Idle;

    /// <summary>Ends this thread's use of the state.</summary>
    /// <returns>True when the use was ended in the meantime. The caller must then clean up.</returns>
    public bool Leave()
    {
        Volatile.Write(ref _owner, Nobody);
        int state = Interlocked.CompareExchange(ref _state, Idle, Inside);
        Debug.Assert((state & Inside) != 0, "Only the thread that is inside may leave.");
        return state != Inside;
    }

    /// <summary>Ends the use, so that no thread can begin to use the state again.</summary>
    /// <returns>True for the first call.</returns>
    /// <param name="isIdle">True for the first call if no thread uses the state. The caller must then clean up.</param>
    public bool TryEnd(out bool isIdle)
    {
        int before = Interlocked.Or(ref _state, Ended);
        isIdle = before == Idle;
        return (before & Ended) == 0;
    }
}
