using System.Runtime.CompilerServices;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Listening;

/// <summary>
/// Counts the connections that all queues of the process have accepted. All of them use the file descriptors of the process. Thread-safe.
/// </summary>
internal sealed class AcceptedTally
{
    // The key is the function that reads the use of descriptors. Tests replace it, so that their queues have a counter of their own.
    private static readonly ConditionalWeakTable<Func<DescriptorUse>, AcceptedTally> All = new();

    private long _count;

    /// <summary>Gets the number of connections so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Returns the counter that is shared by all queues with the same function for reading the use of descriptors.</summary>
    public static AcceptedTally Of(Func<DescriptorUse> read) => All.GetOrCreateValue(read);

    public void Add() => Interlocked.Increment(ref _count);
}
