using Zcrx.Rx.Listening;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Stopping;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>Represents the ring and the listeners of a queue that ends. The test determines the completions.</summary>
internal sealed class MemoryRing : IRingEnd, IListeners, ICompletionHandler
{
    /// <summary>Gets the recorded calls, so that tests can check their order.</summary>
    public List<string> Log { get; } = [];

    public bool HasDroppedCompletions { get; set; }

    public bool IsDead { get; set; }

    /// <summary>Gets or sets the number of listeners that have not ended.</summary>
    public int Count { get; set; }

    /// <summary>Gets or sets a callback that runs when the ring is entered.</summary>
    public Action Entered { get; set; } = static () => { };

    /// <summary>Gets or sets a callback that runs when completions are handled.</summary>
    public Action Handled { get; set; } = static () => { };

    /// <summary>Gets the errors with which the listeners were ended. Null means no error.</summary>
    public List<Exception?> Finished { get; } = [];

    /// <summary>
    /// Gets the number of handled completions at the call that closes the sockets in the unhandled ones. Null means that there was no such
    /// call.
    /// </summary>
    public uint? HandledBeforeUnseen { get; private set; }

    public void MarkDead() => IsDead = true;

    public void TryEnter(TimeSpan timeout) => Entered();

    public void RemoveAll()
    {
        Log.Add("listeners removed");
        Count = 0;
    }

    public void CloseUnseenSockets(uint handled) => HandledBeforeUnseen = handled;

    public void FinishAll(Func<Exception?> error) => Finished.Add(error());

    public void HandleAll()
    {
        Log.Add("completions handled");
        Handled();
    }

    public void Close() => Log.Add("ring closed");
}
