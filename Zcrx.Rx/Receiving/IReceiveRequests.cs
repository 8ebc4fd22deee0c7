namespace Zcrx.Rx.Receiving;

/// <summary>Issues the requests of connections. Ring thread only.</summary>
internal interface IReceiveRequests
{
    /// <summary>Gets a value indicating whether the ring is dead.</summary>
    bool IsDead { get; }

    /// <summary>Issues a multishot zero-copy receive.</summary>
    /// <param name="socket">The descriptor.</param>
    /// <param name="tag">The user data.</param>
    /// <param name="budget">The number of bytes that the receive may deliver.</param>
    void Receive(int socket, ulong tag, uint budget);

    /// <summary>Cancels a request.</summary>
    void Cancel(ulong tag);

    /// <summary>Submits the prepared requests, such as cancellations for a socket that is about to get another owner.</summary>
    void Submit();

    /// <summary>Requests one report of events on a socket.</summary>
    void Poll(int socket, uint events, ulong tag);
}
