namespace Zcrx.Rx.Ring;

/// <summary>
/// Defines the steps of a turn of the ring thread, and the steps at its end. All members run on the ring thread, except
/// <see cref="OnEnded"/>.
/// </summary>
internal interface IRingTurn
{
    /// <summary>Gets a value indicating whether the thread may sleep, because nothing is left to do in this turn.</summary>
    bool MayBlock { get; }

    /// <summary>Registers the queue on the new ring.</summary>
    /// <exception cref="Zcrx.Interop.ZcrxException">The kernel refused to register the queue.</exception>
    void Open(RingRequests requests);

    /// <summary>Prepares the requests of the turn. Called after the posted work has run.</summary>
    void Prepare();

    /// <summary>Makes checks that no completion triggers, such as timeouts, and returns whether the thread may end.</summary>
    bool IsFinished();

    /// <summary>Returns the time of the next deadline; <see cref="long.MaxValue"/> for none.</summary>
    long NextDue();

    /// <summary>Handles the completions that the kernel has posted.</summary>
    void Complete();

    /// <summary>Ends the connections and requests of the queue, after the last turn or a failure.</summary>
    void TearDown(Exception? crash);

    /// <summary>Releases the ring and the queue. If opening has failed, <see cref="TearDown"/> was not called before.</summary>
    void Release();

    /// <summary>Handles changes of connections after the ring thread has ended. Thread-safe.</summary>
    void OnEnded();

    /// <summary>
    /// Closes the ring of an abandoned thread that has left its callback. Also closes the sockets that wait for their peer to close.
    /// Sockets of connections are closed later, when their observers have returned.
    /// </summary>
    void EndAbandoned();

    /// <summary>Publishes that the queue has ended. Called after <see cref="Release"/>.</summary>
    void Conclude();
}
