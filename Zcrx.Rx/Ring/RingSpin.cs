using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Ring;

/// <summary>
/// Lets a ring thread poll its ring (spin) for a limited time before it sleeps. Ring thread only, unless stated otherwise.
/// </summary>
/// <remarks>Each wait costs a few reads of the clock. It costs nothing while spinning is off. There is no cost per buffer.</remarks>
internal sealed class RingSpin
{
    // The largest size of the buffers of a turn after which the thread may spin. More bytes mean bulk data or many connections. A sender of
    // bulk data does not wait for replies, and a spin would only receive its bytes in smaller pieces: with one bulk connection, it doubled
    // the processor time for each byte.
    private const int FewBytes = 16 * 1024;

    // The limit of polls in one spin. It ends a spin when the clock stands still, as the clock of a test may. With a running clock, the
    // longest spin ends earlier.
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

    /// <param name="clock">The clock of the queue.</param>
    /// <param name="slots">Limits how many threads spin at the same time.</param>
    /// <param name="limit">The longest spin; zero for none.</param>
    /// <param name="nicPoll">The longest time for which the kernel polls the NIC in one wait; zero without a NIC.</param>
    public RingSpin(RingClock clock, SpinSlots slots, TimeSpan limit, TimeSpan nicPoll)
    {
        _clock = clock;
        _slots = slots;
        _machine = new SpinMachine(clock.ToTicks(limit));
        _nicPoll = nicPoll;
    }

    /// <summary>
    /// Gets how long the next poll waits in the kernel; zero for not at all. It waits at most until the end of the spin. The kernel polls
    /// the NIC only in a call that waits.
    /// </summary>
    public TimeSpan NextPoll => _nicPoll == TimeSpan.Zero ? _nicPoll : TimeSpan.FromTicks(long.Clamp(_clock.ToSpan(_end - _clock.Now).Ticks, 1, _nicPoll.Ticks));

    /// <summary>Gets the largest number of completions in a turn after which the thread may spin.</summary>
    public uint FewCompletions { get; init; } = FewBuffers(4096);

    /// <summary>Gets a value indicating whether the thread is spinning now.</summary>
    public bool IsSpinning { get; private set; }

    /// <summary>Gets the duration of the last spin.</summary>
    public TimeSpan Last { get; private set; }

    /// <summary>Gets the total time for which the thread has spun. Any thread.</summary>
    public TimeSpan Time => _clock.ToSpan(Volatile.Read(ref _time));

    /// <summary>Returns the largest number of completed buffers in a turn after which the thread may spin, at least 1.</summary>
    public static uint FewBuffers(int bufferLength) => (uint)int.Max(1, FewBytes / bufferLength);

    /// <summary>Sets the longest spin, and discards the results of earlier spins.</summary>
    public void SetLimit(TimeSpan limit) => _machine = new SpinMachine(_clock.ToTicks(limit));

    /// <summary>Records the completions of a turn. The next wait may spin after one to <see cref="FewCompletions"/> of them.</summary>
    public void RecordActivity(uint completions)
    {
        if (completions > 0)
        {
            _isActive = completions <= FewCompletions;
        }
    }

    /// <summary>Begins a spin if spinning is likely to find completions and the spin is shorter than the wait.</summary>
    /// <param name="timeout">The longest time for which the thread may wait; null for no limit.</param>
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

    /// <summary>Records a poll. Ends the spin if the poll has found completions or the time is over.</summary>
    /// <param name="hasFound">Whether the poll has found completions.</param>
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
        // The completions of a first poll that does not wait would also be found by a thread that sleeps at once. They therefore do not
        // show that spinning is useful.
        if (_polls > 1 || !hasFound || _nicPoll > TimeSpan.Zero)
        {
            Volatile.Write(ref _time, _time + spent);
            _machine.End(now, spent, hasFound);
        }
    }

    /// <summary>Ends the current spin, if any, because the thread ends.</summary>
    public void Stop()
    {
        if (IsSpinning)
        {
            IsSpinning = false;
            _slots.Return();
        }
    }
}
