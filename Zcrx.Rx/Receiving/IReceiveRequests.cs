namespace Zcrx.Rx.Receiving;

/// <summary>Issues requests for connections to the kernel. Ring thread only.</summary>
internal interface IReceiveRequests
{
    /// <summary>Gets a value indicating whether the ring is dead and accepts no requests.</summary>
    bool IsDead { get; }

    /// <summary>Issues a multishot zero-copy receive.</summary>
    /// <param name="socket">The descriptor of the socket.</param>
    /// <param name="tag">The user data, which the completions carry.</param>
    /// <param name="budget">The number of bytes that the receive may deliver.</param>
    void Receive(int socket, ulong tag, uint budget);

    /// <summary>Cancels the request with this user data.</summary>
    void Cancel(ulong tag);

    /// <summary>
    /// Submits the prepared requests now. Cancellations, for example, must take effect before a socket gets another owner.
    /// </summary>
    void Submit();

    /// <summary>Issues a one-shot poll for events on a socket.</summary>
    void Poll(int socket, uint events, ulong tag);
}
