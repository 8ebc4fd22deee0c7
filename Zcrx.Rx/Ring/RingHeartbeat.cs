namespace Zcrx.Rx.Ring;

/// <summary>Publishes what a ring thread is doing, and since when. The ring thread writes, any thread reads.</summary>
/// <remarks>
/// Uses plain volatile writes: some in each turn, none for each buffer. The parts are read one after another, so they are consistent with
/// each other only while the thread is stuck.
/// </remarks>
internal sealed class RingHeartbeat(RingClock clock)
{
    private const long Asleep = long.MinValue;

    private long _turn;
    private long _busySince = Asleep;
    private int _callback;
    private object? _subject;
    private long _busy;
    private long _busyAtTurn;

    /// <summary>Gets the number of turns so far.</summary>
    public long Turn => Volatile.Read(ref _turn);

    /// <summary>Gets the callback that runs.</summary>
    public RingCallback Callback => (RingCallback)Volatile.Read(ref _callback);

    /// <summary>Gets the connection whose callback runs; null for none.</summary>
    public object? Subject => Volatile.Read(ref _subject) is var subject && subject is IRingSubject changing ? changing.Current : subject;

    /// <summary>Gets the time since the current turn began; zero while the thread sleeps.</summary>
    public TimeSpan BusyFor => Volatile.Read(ref _busySince) is var since and not Asleep ? clock.Elapsed(since, clock.Now) : TimeSpan.Zero;

    /// <summary>Gets the time that the thread has worked until its current turn began, or until it went to sleep.</summary>
    public TimeSpan Busy => clock.ToSpan(Volatile.Read(ref _busy));

    /// <summary>Gets the number of turns by their duration. The current turn is not included.</summary>
    public TurnDurations Durations { get; } = new(clock);

    /// <summary>Records the beginning of a turn, and the duration of the previous turn.</summary>
    public void BeginTurn()
    {
        CountUntil(clock.TurnStart);
        if (_turn > 0)
        {
            Durations.Add(_busy - _busyAtTurn);
        }

        _busyAtTurn = _busy;
        Volatile.Write(ref _turn, _turn + 1);
        Volatile.Write(ref _busySince, clock.TurnStart);
    }

    /// <summary>Records that the thread is about to sleep.</summary>
    public void Sleep()
    {
        CountUntil(clock.Now);
        Volatile.Write(ref _busySince, Asleep);
    }

    /// <summary>Records that the thread has slept. The rest of the turn counts from now.</summary>
    public void Wake() => Volatile.Write(ref _busySince, clock.Now);

    /// <summary>Records that callbacks of a connection run.</summary>
    /// <param name="callback">The callback.</param>
    /// <param name="subject">The connection, or an <see cref="IRingSubject"/> that knows it.</param>
    public void Enter(RingCallback callback, object? subject)
    {
        Volatile.Write(ref _subject, subject);
        Volatile.Write(ref _callback, (int)callback);
    }

    /// <summary>Records that no callback runs.</summary>
    public void Leave() => Enter(RingCallback.None, null);

    private void CountUntil(long now)
    {
        if (_busySince is var since and not Asleep)
        {
            Volatile.Write(ref _busy, _busy + (now - since));
        }
    }
}
