namespace Zcrx.Rx.Listening;

/// <summary>Represents the listeners of a queue for the steps that end the queue. Ring thread only.</summary>
internal interface IListeners
{
    /// <summary>Gets the number of listeners.</summary>
    int Count { get; }

    /// <summary>Stops accepting. A listener with an armed accept request ends when the request has ended.</summary>
    void RemoveAll();

    /// <summary>Resets the connections that the kernel has accepted and whose completions were not handled.</summary>
    /// <param name="handled">The number of completions that were handled.</param>
    void CloseUnseenSockets(uint handled);

    /// <summary>Ends all listeners, because the queue ends.</summary>
    /// <param name="error">Creates the error for the observers; returns null for an orderly end.</param>
    void FinishAll(Func<Exception?> error);
}
