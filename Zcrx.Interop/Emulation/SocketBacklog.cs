namespace Zcrx.Interop.Emulation;

/// <summary>What waits in one socket since before the last change of steering, piece by piece in stream order.</summary>
/// <remarks>
/// Thread-safe: the interface adds to it, the ring that receives takes from it. The socket and what is known of it change together only for those who
/// do both, looking at the socket or reading from it and then telling, within <see cref="Enter"/>.
/// </remarks>
internal sealed class SocketBacklog
{
    private readonly Lock _gate = new();
    private readonly LinkedList<LandedBytes> _pieces = [];
    private long _bytes;

    /// <summary>Keeps others out until it is disposed. The innermost of all locks: nothing but the socket may be touched under it.</summary>
    public Lock.Scope Enter() => _gate.EnterScope();

    /// <summary>Everything beyond what is known already has landed in this memory.</summary>
    /// <param name="waiting">How many bytes wait in the socket.</param>
    /// <param name="owner">Whose memory it is; null for the kernel's own.</param>
    /// <param name="rxQueue">The RX queue that they arrived on.</param>
    public void Add(long waiting, EmulatedInterfaceQueue? owner, int rxQueue)
    {
        lock (_gate)
        {
            Trim(waiting);
            if (waiting == _bytes)
            {
                return;
            }

            long more = waiting - _bytes;
            _bytes = waiting;
            if (_pieces.Last is { } last && last.Value.Owner == owner && last.Value.RxQueue == rxQueue)
            {
                last.Value = last.Value with { Count = last.Value.Count + more };
            }
            else
            {
                _pieces.AddLast(new LandedBytes(more, owner, rxQueue));
            }
        }
    }

    /// <summary>Where the next byte of the stream lies.</summary>
    /// <param name="waiting">How many bytes wait in the socket.</param>
    /// <param name="next">The piece that it belongs to.</param>
    /// <returns>False when it has arrived after the last change.</returns>
    public bool TryPeek(long waiting, out LandedBytes next)
    {
        lock (_gate)
        {
            Trim(waiting);
            next = _pieces.First?.Value ?? default;
            return _pieces.Count > 0;
        }
    }

    /// <summary>So many bytes have been received, of which more may have waited than are known.</summary>
    public void Consume(long count)
    {
        lock (_gate)
        {
            count = long.Min(count, _bytes);
            _bytes -= count;
            while (count > 0 && _pieces.First is { } first)
            {
                long part = long.Min(count, first.Value.Count);
                count -= part;
                if (part == first.Value.Count)
                {
                    _pieces.RemoveFirst();
                }
                else
                {
                    first.Value = first.Value with { Count = first.Value.Count - part };
                }
            }
        }
    }

    /// <summary>Somebody who received otherwise has taken bytes that we count.</summary>
    private void Trim(long waiting)
    {
        if (_bytes > waiting)
        {
            Consume(_bytes - waiting);
        }
    }
}
