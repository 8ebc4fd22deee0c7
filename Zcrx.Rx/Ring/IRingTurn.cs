namespace Zcrx.Rx.Ring;

/// <summary>Defines the work of the ring thread in each turn. All members run on the ring thread except <see cref="OnEnded"/>.</summary>
internal interface IRingTurn
{
    /// <summary>Gets a value indicating whether the thread may sleep: nothing is left to do in this turn.</summary>
    bool MayBlock { get; }

    /// <summary>Registers the queue on the ring that was just created.</summary>
    /// <exception cref="Zcrx.Interop.ZcrxException">The kernel refused.</exception>
    void Open(RingRequests requests);

    /// <summary>Prepares the requests of a turn. Called after posted work has run.</summary>
    void Prepare();

    /// <summary>Checks state that no completion reports, and returns whether the thread may end.</summary>
    bool IsFinished();

    /// <summary>Gets the time of the next deadline; <see cref="long.MaxValue"/> for never.</summary>
    long NextDue();

    /// <summary>Handles the completions of the kernel.</summary>
    void Complete();

    /// <summary>Ends everything on the ring, after the last turn or a failure.</summary>
    void TearDown(Exception? crash);

    /// <summary>Releases ring and queue. Also called, without <see cref="TearDown"/>, when opening has failed.</summary>
    void Release();

    /// <summary>Serves changes after the end of the ring thread. Thread-safe.</summary>
    void OnEnded();

    /// <summary>
    /// Closes the ring of an abandoned thread that has left its callback, and the sockets that wait for the peer's close. The sockets of
    /// connections are closed later, when their observers have returned.
    /// </summary>
    void EndAbandoned();

    /// <summary>Publishes the end, after <see cref="Release"/>.</summary>
    void Conclude();
}
