using System.Runtime.CompilerServices;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Listening;

/// <summary>Counts the connections that all queues of the process have accepted, since they use up the same descriptors. Any thread.</summary>
internal sealed class AcceptedTally
{
    // By the source of the descriptor counts: queues with the same source share the descriptors.
    private static readonly ConditionalWeakTable<Func<DescriptorUse>, AcceptedTally> All = new();

    private long _count;

    /// <summary>Gets the number of connections so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Returns the tally of the queues that read the use of descriptors by the same function.</summary>
    public static AcceptedTally Of(Func<DescriptorUse> read) => All.GetOrCreateValue(read);

    public void Add() => Interlocked.Increment(ref _count);
}
