using System.Runtime.CompilerServices;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Listening;

/// <summary>
/// Counts the connections that all queues of the process have accepted, because they use the same descriptors. Thread-safe.
/// </summary>
internal sealed class AcceptedTally
{
    // The key is the function that reads the use of descriptors. Queues with the same function share the descriptors.
    private static readonly ConditionalWeakTable<Func<DescriptorUse>, AcceptedTally> All = new();

    private long _count;

    /// <summary>Gets the number of connections so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Returns the tally of all queues that read the use of descriptors with this function.</summary>
    public static AcceptedTally Of(Func<DescriptorUse> read) => All.GetOrCreateValue(read);

    public void Add() => Interlocked.Increment(ref _count);
}
