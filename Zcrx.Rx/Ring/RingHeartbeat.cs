namespace Zcrx.Rx.Ring;

/// <summary>Publishes what a ring thread is doing and since when. The ring thread writes and any thread reads.</summary>
/// <remarks>
/// Uses a few volatile writes per turn and none per buffer. The properties are read one after another, so their values fit together only
/// while the thread is stuck.
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

    /// <summary>Gets the number of turns that have begun.</summary>
    public long Turn => Volatile.Read(ref _turn);

    /// <summary>Gets the kind of callback that is running.</summary>
    public RingCallback Callback => (RingCallback)Volatile.Read(ref _callback);

    /// <summary>Gets the connection whose callback is running; null for none.</summary>
    public object? Subject => Volatile.Read(ref _subject) is var subject && subject is IRingSubject changing ? changing.Current : subject;

    /// <summary>Gets the time since the current turn began; zero while the thread sleeps.</summary>
    public TimeSpan BusyFor => Volatile.Read(ref _busySince) is var since and not Asleep ? clock.Elapsed(since, clock.Now) : TimeSpan.Zero;

    /// <summary>
    /// Gets the total time for which the thread has worked. Does not include the current turn until the turn ends or the thread sleeps.
    /// </summary>
    public TimeSpan Busy => clock.ToSpan(Volatile.Read(ref _busy));

    /// <summary>Gets the counts of the completed turns by their duration.</summary>
    public TurnDurations Durations { get; } = new(clock);

    /// <summary>Records the beginning of a turn and the duration of the previous one.</summary>
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

    /// <summary>Records that the thread has woken up. The current turn is timed from now on.</summary>
    public void Wake() => Volatile.Write(ref _busySince, clock.Now);

    /// <summary>Records that callbacks of a connection begin to run.</summary>
    /// <param name="callback">The kind of callback.</param>
    /// <param name="subject">The connection, or an <see cref="IRingSubject"/> that knows it.</param>
    public void Enter(RingCallback callback, object? subject)
    {
        Volatile.Write(ref _subject, subject);
        Volatile.Write(ref _callback, (int)callback);
    }

    /// <summary>Records that the callbacks have returned.</summary>
    public void Leave() => Enter(RingCallback.None, null);

    private void CountUntil(long now)
    {
        if (_busySince is var since and not Asleep)
        {
            Volatile.Write(ref _busy, _busy + (now - since));
        }
    }
}
