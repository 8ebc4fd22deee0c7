using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Ring;

/// <summary>Lets a ring thread poll its ring for a bounded time before it sleeps. Ring thread only, unless stated otherwise.</summary>
/// <remarks>A wait costs some reads of the clock, and nothing while spinning is off. A buffer costs nothing.</remarks>
internal sealed class RingSpin
{
    // Ends a spin if the clock stands still, as a clock of a test may. More polls do not fit into the longest spin.
    private const int MostPolls = 1 << 17;

    private readonly RingClock _clock;
    private readonly SpinSlots _slots;
    private readonly TimeSpan _nicPoll;
    private SpinMachine _machine;
    private bool _isActive;
    private long _began;
    private long _end;
    private int _polls;
    private long _time;

    /// <param name="clock">The clock.</param>
    /// <param name="slots">The slots that spinning threads share.</param>
    /// <param name="limit">The longest spin; zero for none.</param>
    /// <param name="nicPoll">How long the kernel polls the NIC in each wait, at most; zero without a NIC.</param>
    public RingSpin(RingClock clock, SpinSlots slots, TimeSpan limit, TimeSpan nicPoll)
    {
        _clock = clock;
        _slots = slots;
        _machine = new SpinMachine(clock.ToTicks(limit));
        _nicPoll = nicPoll;
    }

    /// <summary>
    /// Gets how long the next poll waits: at most until the end of the spin; zero for polls that do not wait. The kernel polls the NIC only
    /// in calls that wait.
    /// </summary>
    public TimeSpan NextPoll => _nicPoll == TimeSpan.Zero ? _nicPoll : TimeSpan.FromTicks(long.Clamp(_clock.ToSpan(_end - _clock.Now).Ticks, 1, _nicPoll.Ticks));

    /// <summary>Gets a value indicating whether the thread spins.</summary>
    public bool IsSpinning { get; private set; }

    /// <summary>Gets the duration of the last spin.</summary>
    public TimeSpan Last { get; private set; }

    /// <summary>Gets the time that the thread has spun. Any thread.</summary>
    public TimeSpan Time => _clock.ToSpan(Volatile.Read(ref _time));

    /// <summary>Sets the longest spin, and forgets what earlier spins have found.</summary>
    public void SetLimit(TimeSpan limit) => _machine = new SpinMachine(_clock.ToTicks(limit));

    /// <summary>Records that the thread has completions to handle. Only the wait after them may spin.</summary>
    public void RecordActivity() => _isActive = true;

    /// <summary>Begins a spin, if one is worthwhile. It must be shorter than the wait.</summary>
    /// <param name="timeout">The longest wait; null for no limit.</param>
    public void Begin(TimeSpan? timeout)
    {
        bool isActive = _isActive;
        _isActive = false;
        if (!isActive)
        {
            return;
        }

        long now = _clock.Now;
        long length = _machine.Begin(now, isActive);
        if (length > 0 && (timeout is not { } longest || length < _clock.ToTicks(longest)) && _slots.TryTake())
        {
            IsSpinning = true;
            _began = now;
            _end = now + length;
            _polls = 0;
        }
    }

    /// <summary>Records a poll, which may be the last one of the spin.</summary>
    /// <param name="hasFound">Whether there are completions now.</param>
    public void RecordPoll(bool hasFound)
    {
        long now = _clock.Now;
        _polls++;
        if (!hasFound && now < _end && _polls < MostPolls)
        {
            return;
        }

        Stop();
        long spent = now - _began;
        Last = _clock.ToSpan(spent);
        // A thread that sleeps would find the completions of a first poll that does not wait, too. They say nothing about the value of
        // spinning.
        if (_polls > 1 || !hasFound || _nicPoll > TimeSpan.Zero)
        {
            Volatile.Write(ref _time, _time + spent);
            _machine.End(now, spent, hasFound);
        }
    }

    /// <summary>Ends a spin that the end of the thread interrupts.</summary>
    public void Stop()
    {
        if (IsSpinning)
        {
            IsSpinning = false;
            _slots.Return();
        }
    }
}
