using System.Diagnostics;

namespace Zcrx.Rx.Framing;

/// <summary>Lets one thread at a time use an operator's state, and lets any thread end the use without taking a lock.</summary>
/// <remarks>
/// A thread is inside from <c>TryEnter</c> until <see cref="Leave"/>. If no thread is inside, the thread that ends the use cleans up.
/// Otherwise the thread that is inside cleans up as it leaves. Clean-up therefore runs exactly once, and never while a thread is inside.
/// This is a mutable struct: keep it in a field and do not copy it.
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

    /// <summary>Enters. Spins while another thread is inside. The wait is short, because the source serializes its own calls.</summary>
    /// <returns>False when the use has ended, or when the call is nested.</returns>
    /// <param name="isNested">
    /// True when the current thread is already inside, because the observer's OnNext made the source call again.
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

            // The owner is reset before its thread leaves. It therefore equals this thread only while this thread is inside.
            if (Volatile.Read(ref _owner) == Environment.CurrentManagedThreadId)
            {
                isNested = true;
                return false;
            }

            spin.SpinOnce();
        }
    }

    /// <summary>Enters only if no thread is inside.</summary>
    /// <returns>True when the thread has entered; false when a thread is inside or the use has ended.</returns>
    public bool TryEnterIdle() => Interlocked.CompareExchange(ref _state, Inside, Idle) == Idle;

    /// <summary>Leaves.</summary>
    /// <returns>True when the use was ended while this thread was inside. The caller must then clean up.</returns>
    public bool Leave()
    {
        Volatile.Write(ref _owner, Nobody);
        int state = Interlocked.CompareExchange(ref _state, Idle, Inside);
        Debug.Assert((state & Inside) != 0, "Only the thread that is inside may leave.");
        return state != Inside;
    }

    /// <summary>Ends the use: no thread can enter any more.</summary>
    /// <returns>True for the first call.</returns>
    /// <param name="isIdle">True for the first call if no thread is inside. The caller must then clean up.</param>
    public bool TryEnd(out bool isIdle)
    {
        int before = Interlocked.Or(ref _state, Ended);
        isIdle = before == Idle;
        return (before & Ended) == 0;
    }
}
