namespace Zcrx.Interop.Emulation;

/// <summary>Records the bytes that have waited in one socket since before the last change of steering, piece by piece in stream order.</summary>
/// <remarks>
/// Threading: the interface adds to it, and the ring that receives takes from it. The socket and the record change together only for callers that
/// do both within <see cref="Enter"/>: read the socket, then update the record.
/// </remarks>
internal sealed class SocketBacklog
{
    private readonly Lock _gate = new();
    private readonly LinkedList<LandedBytes> _pieces = [];
    private long _bytes;

    /// <summary>Excludes other threads until the result is disposed. The innermost of all locks: under it, only the socket may be accessed.</summary>
    public Lock.Scope Enter() => _gate.EnterScope();

    /// <summary>Records that all further bytes have landed in this memory.</summary>
    /// <param name="waiting">The number of bytes that wait in the socket.</param>
    /// <param name="owner">The owner of the memory; null for the kernel's own.</param>
    /// <param name="rxQueue">The RX queue on which they arrived.</param>
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

    /// <summary>Finds the piece of the next byte of the stream.</summary>
    /// <param name="waiting">The number of bytes that wait in the socket.</param>
    /// <param name="next">The piece.</param>
    /// <returns>False when the byte has arrived after the last change.</returns>
    public bool TryPeek(long waiting, out LandedBytes next)
    {
        lock (_gate)
        {
            Trim(waiting);
            next = _pieces.First?.Value ?? default;
            return _pieces.Count > 0;
        }
    }

    /// <summary>Records that bytes were received. More may have waited than are recorded.</summary>
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

    /// <summary>Corrects the record after other code has received bytes from the socket.</summary>
    private void Trim(long waiting)
    {
        if (_bytes > waiting)
        {
            Consume(_bytes - waiting);
        }
    }
}
