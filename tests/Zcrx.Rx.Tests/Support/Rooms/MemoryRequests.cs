using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>Represents a ring that only records requests. It throws if a connection issues a second receive.</summary>
internal sealed class MemoryRequests : IReceiveRequests
{
    /// <summary>Gets the polls that are to be cancelled, but whose cancel request is not submitted yet.</summary>
    public HashSet<ulong> Unsubmitted { get; } = [];

    public bool IsDead { get; set; }

    /// <summary>Gets the tags of the active receives, with their budgets.</summary>
    public Dictionary<ulong, uint> Armed { get; } = [];

    /// <summary>Gets the tags of all receives that were issued, in order.</summary>
    public List<ulong> Receives { get; } = [];

    /// <summary>Gets the tags of the receives that are cancelled but have not ended.</summary>
    public HashSet<ulong> Cancelled { get; } = [];

    /// <summary>Gets the tags of the active polls.</summary>
    public HashSet<ulong> Polls { get; } = [];

    public void Receive(int socket, ulong tag, uint budget)
    {
        Armed.Add(tag, budget);
        Receives.Add(tag);
    }

    public void Cancel(ulong tag)
    {
        if (UserData.Decode(tag).Kind != RequestKind.Receive)
        {
            Polls.Remove(tag);
            Unsubmitted.Add(tag);
        }
        else if (!Cancelled.Add(tag) || !Armed.ContainsKey(tag))
        {
            throw new InvalidOperationException("A receive was cancelled that is not armed, or twice.");
        }
    }

    public void Submit() => Unsubmitted.Clear();

    public void Poll(int socket, uint events, ulong tag) => Polls.Add(tag);

    /// <summary>Removes a receive that has ended.</summary>
    public void End(ulong tag)
    {
        Armed.Remove(tag);
        Cancelled.Remove(tag);
    }
}
