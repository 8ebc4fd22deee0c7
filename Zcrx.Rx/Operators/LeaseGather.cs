using System.Buffers;
using Zcrx.Interop;

namespace Zcrx.Rx.Operators;

/// <summary>Collects leases that lie ready, as one sequence. Used by one reader.</summary>
internal sealed class LeaseGather(LeaseChannel<ReceivedBuffer, BufferLease> channel) : IDisposable
{
    private const int MostLeases = 64;

    private readonly List<BufferLease> _leases = [];

    /// <summary>Takes what lies ready.</summary>
    /// <returns>The bytes, valid until <see cref="Release"/>; empty when nothing lies ready.</returns>
    public ReadOnlySequence<byte> Take()
    {
        LeaseSegment? first = null;
        LeaseSegment? last = null;
        while (_leases.Count < MostLeases && channel.TryRead(out BufferLease? lease))
        {
            _leases.Add(lease);
            last = new LeaseSegment(lease, last);
            first ??= last;
        }

        return first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    /// <summary>Releases what was taken.</summary>
    public void Release()
    {
        _leases.ForEach(static lease => lease.Dispose());
        _leases.Clear();
    }

    public void Dispose() => Release();
}
