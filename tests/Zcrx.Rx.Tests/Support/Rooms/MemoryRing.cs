using Zcrx.Rx.Listening;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Stopping;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>The ring and the listeners of a queue that ends. The test decides what the kernel completes.</summary>
internal sealed class MemoryRing : IRingEnd, IListeners, ICompletionHandler
{
    /// <summary>Gets the calls whose order tests check, in order.</summary>
    public List<string> Log { get; } = [];

    public bool HasDroppedCompletions { get; set; }

    public bool IsDead { get; set; }

    /// <summary>The number of listeners.</summary>
    public int Count { get; set; }

    /// <summary>Called when the ring is entered.</summary>
    public Action Entered { get; set; } = static () => { };

    /// <summary>Handles what has completed.</summary>
    public Action Handled { get; set; } = static () => { };

    /// <summary>The errors that the listeners ended with.</summary>
    public List<Exception?> Finished { get; } = [];

    /// <summary>Gets the number of completions that were handled before the sockets of the others were closed, or null.</summary>
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
